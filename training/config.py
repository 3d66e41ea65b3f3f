"""One TOML, one tree. Imports nothing heavy, so that `--help` and validation answer at once."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, PositiveInt


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MixConfig(_Section):
    """Shares of the pretraining corpus."""

    write: NonNegativeFloat
    revise: NonNegativeFloat
    blind: NonNegativeFloat
    hinted: NonNegativeFloat


class NoiseConfig(_Section):
    """How poor the pretraining corpus is, as probabilities."""

    slipped_programs: float = Field(ge=0, le=1)
    poor_critiques: float = Field(ge=0, le=1)
    right_drafts: float = Field(ge=0, le=1)
    poor_in_revisions: float = Field(ge=0, le=1)


class PhaseConfig(_Section):
    """What the corpus is like during one part of pretraining."""

    mix: MixConfig
    noise: NoiseConfig


class ModelConfig(_Section):
    """Size of the base model (llama architecture) and its tokenizer."""

    vocabulary: PositiveInt
    hidden: PositiveInt
    layers: PositiveInt
    heads: PositiveInt
    intermediate: PositiveInt
    positions: PositiveInt


class PretrainConfig(_Section):
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


class SolveConfig(_Section):
    """Drafts by the generator: the raw material of critiques."""

    problems: PositiveInt
    drafts: PositiveInt
    temperature: NonNegativeFloat = 1.0
    max_tokens: PositiveInt = 192


class SynthesizeConfig(_Section):
    """Hinted critiques by the base model."""

    temperature: NonNegativeFloat = 0.7
    top_p: float = Field(gt=0, le=1, default=0.8)
    max_tokens: PositiveInt = 256
    right_share: float = Field(ge=0, le=1, default=0.5)
    """Share of right drafts kept, so that the critic does not learn to approve everything."""
    per_problem: PositiveInt = 1


class SftConfig(_Section):
    """Stage I of the paper: hint-free instruction, hinted critique, loss on the critique only."""

    epochs: PositiveFloat
    batch: PositiveInt
    learning_rate: PositiveFloat


class EvaluateConfig(_Section):
    """Gates and baselines on problems of the test split."""

    problems: PositiveInt
    samples: PositiveInt
    ood_problems: PositiveInt
    """Problems of each out-of-distribution split."""
    rounds: PositiveInt = 3


class TrainConfig(_Section):
    """Everything a run depends on; the resolved tree is written beside its output."""

    name: str
    seed: int
    out: Path
    model: ModelConfig
    pretrain: PretrainConfig
    solve: SolveConfig
    synthesize: SynthesizeConfig
    sft: SftConfig
    evaluate: EvaluateConfig


def load_config(path: Path) -> TrainConfig:
    """Read and check a TOML; a pydantic `ValidationError` names each field that is wrong."""
    return TrainConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
