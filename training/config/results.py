"""What a run ends with: an evaluation, and weights to hand over."""

from pydantic import PositiveInt

from training.config.section import Section


class EvaluateConfig(Section):
    """Gates and baselines on problems of the test split."""

    problems: PositiveInt
    samples: PositiveInt
    ood_problems: PositiveInt
    """Problems of each out-of-distribution split."""
    rounds: PositiveInt = 8
    matrix_problems: PositiveInt = 200
    """Problems for the table of critic sizes and generator sizes."""
    pairs: PositiveInt = 200
    """Pairs of a right and a wrong program for the critic as a reward model."""


class ExportConfig(Section):
    """In what form the critic leaves the run."""

    adapter: bool = False
    """Of a critic trained with LoRA: the adapter alone, which needs its base to be served."""
