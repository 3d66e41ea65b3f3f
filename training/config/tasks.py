"""Where the problems come from."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from training.config.section import Section


class TasksConfig(Section):
    """Where the problems come from, and which are fit for training (paper 4.1); `docs/training-data.md`."""

    source: Literal["mini", "taco", "code_contests", "jsonl"] = "mini"
    path: Path | None = None
    """A file of the source, or a folder of them."""
    evaluation: tuple[Path, ...] = ()
    """Files of evaluation sets; a problem that overlaps with one of theirs is dropped."""
    ngram: int = Field(ge=5, default=13)
    """Words in a run that counts as shared."""
    overlap: float = Field(gt=0, le=1, default=0.3)
    """Share of shared runs, of the shorter text's, from which on a problem is dropped."""
    tokenizer: Path | None = None
    """The generator's `tokenizer.json`, or its folder, to count tokens with; None counts words."""
    more_than_tokens: NonNegativeInt = 64
    fewer_than_tokens: PositiveInt = 2048
    tests_limit: PositiveInt | None = None
    """Tests a problem, public ones first (paper: all in training, 10 to evaluate on CodeContests)."""
    tests_bytes: PositiveInt = Field(le=24 << 20, default=8 << 20)
    """Size of all tests of a problem as JSON: each judging sends them, and a sandbox reads 32 MiB at most."""
    longest_time_limit_s: PositiveFloat = Field(le=60, default=30)
    """What a longer time limit is cut to; the sandbox takes 60 at most."""
    validation_share: float = Field(ge=0, lt=1, default=0.02)
    test_share: float = Field(ge=0, lt=1, default=0.02)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.source == "mini" and (self.path or self.evaluation):
            raise ValueError("source mini makes its problems: leave path and evaluation out, or name another")
        if self.source != "mini" and self.path is None:
            raise ValueError(f"source {self.source} needs path: a file of it, or a folder of them")
        if self.more_than_tokens + 1 >= self.fewer_than_tokens:
            raise ValueError("no length is above more_than_tokens and below fewer_than_tokens")
        if self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share and test_share leave nothing to train on")
        return self
