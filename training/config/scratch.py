"""A base model from nothing: what it reads, how large it is, how it is trained."""

from typing import Annotated

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    StringConstraints,
)

from training.config.section import Section


class MixConfig(Section):
    """Shares of the pretraining corpus."""

    write: NonNegativeFloat
    revise: NonNegativeFloat
    blind: NonNegativeFloat
    hinted: NonNegativeFloat


class NoiseConfig(Section):
    """How poor the pretraining corpus is, as probabilities."""

    slipped_programs: float = Field(ge=0, le=1)
    poor_critiques: float = Field(ge=0, le=1)
    right_drafts: float = Field(ge=0, le=1)
    poor_in_revisions: float = Field(ge=0, le=1)
    misreadings: float = Field(ge=0, le=1, default=0.0)


class PhaseConfig(Section):
    """What the corpus is like during one part of pretraining."""

    mix: MixConfig
    noise: NoiseConfig


class ModelConfig(Section):
    """Size of the base model (llama architecture) and its tokenizer."""

    vocabulary: PositiveInt
    hidden: PositiveInt
    layers: PositiveInt
    heads: PositiveInt
    intermediate: PositiveInt
    positions: PositiveInt


class PretrainConfig(Section):
    """Pretraining from scratch. A batch is `batch_rows` rows of `row_tokens`, packed with short examples."""

    batches: PositiveInt
    batch_rows: PositiveInt
    row_tokens: PositiveInt
    learning_rate: PositiveFloat
    warmup: float = Field(ge=0, lt=1)
    early_share: float = Field(ge=0, le=1)
    """The first part of training, in which `early` holds; then `late`."""
    early: PhaseConfig
    late: PhaseConfig
    save_every_batches: PositiveInt


_TAKEN = "main"
"""What an evaluation calls the run's own model among the sizes."""


def _free(name: str) -> str:
    if name == _TAKEN:
        raise ValueError(f"{_TAKEN} is the run's own model: give the size another name")
    return name


SizeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$"), AfterValidator(_free)]


class SizeConfig(Section):
    """One more base model of another size and seed, with a critic of its own: who helps whom."""

    model: ModelConfig
    batches: PositiveInt
    """Of pretraining; everything else is as for the main model."""
    seed: int
    grown: bool = False
    """Start from the main base model with layers added that do nothing yet, not from nothing."""
    critic: bool = True
    """Whether it gets a critic of its own; a larger base model may be there to criticise untrained."""
    learning_rate: PositiveFloat | None = None
    """Of pretraining; None takes the main model's."""
