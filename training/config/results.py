"""What a run ends with: an evaluation, and weights to hand over."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt, StringConstraints

from training.config.section import Section


class EvaluationSet(Section):
    """Problems of a data set that nothing was trained on."""

    source: Literal["taco", "code_contests", "jsonl"]
    path: Path
    """A file of the source, or a folder of them."""


_Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]


class EvaluateConfig(Section):
    """Gates and baselines on problems of the test split."""

    problems: PositiveInt
    samples: PositiveInt
    ood_problems: PositiveInt
    """Problems of each out-of-distribution split, and of each of `sets`, at most."""
    sets: dict[_Name, EvaluationSet] = Field(default={})
    """Data sets to evaluate on beside the test split, by a name of your choice."""
    max_program_tokens: PositiveInt = 192
    max_critique_tokens: PositiveInt = 256
    rounds: PositiveInt = 8
    matrix_problems: PositiveInt = 200
    """Problems for the table of critic sizes and generator sizes."""
    pairs: PositiveInt = 200
    """Pairs of a right and a wrong program for the critic as a reward model."""


class ExportConfig(Section):
    """In what form the critic leaves the run."""

    adapter: bool = False
    """Of a critic trained with LoRA: the adapter alone, which needs its base to be served."""
