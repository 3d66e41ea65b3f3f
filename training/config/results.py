"""What a run ends with: an evaluation, and weights to hand over."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PositiveInt, StringConstraints, model_validator

from training.config.section import Section


class EvaluationSet(Section):
    """Problems of a data set that nothing was trained on."""

    source: Literal["taco", "code_contests", "livecodebench", "mbppplus", "jsonl"]
    path: Path
    """A file of the source, or a folder of them."""
    since: date | None = None
    """First day of a window, where the source tells the day of each contest (LiveCodeBench does)."""
    until: date | None = None
    """The day after the last one."""
    tests_limit: PositiveInt | None = None
    """Tests a problem, public ones first (paper: 10 of CodeContests'); None takes what `tasks` says."""

    @model_validator(mode="after")
    def _has_days(self) -> Self:
        if (self.since or self.until) and self.source != "livecodebench":
            raise ValueError(f"{self.source} tells no days: since and until belong to livecodebench")
        return self

    def includes(self, day: date | None) -> bool:
        """Whether a day is within the window; one that is not told is within none."""
        if self.since is None and self.until is None:
            return True
        return day is not None and (self.since or date.min) <= day < (self.until or date.max)


TAKEN = frozenset({"test", "unstopped", "pairs", "ood_longer", "ood_phrasing"})
"""What an evaluation calls its own parts."""


def _free(name: str) -> str:
    if name in TAKEN:
        raise ValueError(f"an evaluation has a part of its own called {name}: give the set another name")
    return name


_Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$"), AfterValidator(_free)]


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
