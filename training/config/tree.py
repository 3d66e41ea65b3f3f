"""Everything a run depends on, and reading it."""

import tomllib
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from training.config.hardware import HardwareConfig
from training.config.learning import GrpoConfig, ScreenConfig, SftConfig
from training.config.results import EvaluateConfig, ExportConfig
from training.config.scratch import ModelConfig, PretrainConfig, SizeConfig, SizeName
from training.config.section import Section
from training.config.tasks import TasksConfig
from training.config.writing import EnginesConfig, SolveConfig, SynthesizeConfig
from training.errors import StageError


class TrainConfig(Section):
    """Everything a run depends on; the resolved tree is written beside its output."""

    name: str
    seed: int
    out: Path
    docs: Path | None = None
    """Where `report` puts its page and plots; `out` where nothing is said."""
    base: str | None = None
    """Real weights to start from: a folder, or a model of the hub; instead of `model` and `pretrain`."""
    revision: str | None = None
    """Commit, tag or branch of a model of the hub."""
    model: ModelConfig | None = None
    pretrain: PretrainConfig | None = None
    engines: EnginesConfig = EnginesConfig()
    tasks: TasksConfig = TasksConfig()
    solve: SolveConfig
    synthesize: SynthesizeConfig
    sft: SftConfig
    screen: ScreenConfig | None = None
    grpo: GrpoConfig
    sizes: dict[SizeName, SizeConfig] = Field(default={})
    export: ExportConfig = ExportConfig()
    evaluate: EvaluateConfig
    hardware: HardwareConfig = HardwareConfig()

    @model_validator(mode="after")
    def _start_in_one_way(self) -> Self:
        scratch = (self.model is not None, self.pretrain is not None)
        if (self.base is not None and any(scratch)) or (self.base is None and not all(scratch)):
            raise ValueError(
                "a run starts in one of two ways: set `base` (a folder or a model of the hub), "
                "or both [model] and [pretrain] to make a base model from nothing"
            )
        if self.base is not None and self.sizes:
            raise ValueError("[sizes] are base models made from nothing: they need [pretrain], not `base`")
        if self.revision is not None and self.base is None:
            raise ValueError("`revision` belongs to `base`, which is not set")
        return self

    @model_validator(mode="after")
    def _trains_on_no_evaluation_set(self) -> Self:
        if self.tasks.source == "mini":
            return self
        for name, one in self.evaluate.sets.items():
            if not {one.path, *one.path.parents} & set(self.tasks.evaluation):
                raise ValueError(
                    f"evaluate.sets.{name}.path, {one.path}, is not in tasks.evaluation: problems of it "
                    "could be trained on; add it there"
                )
        return self

    @property
    def scratch(self) -> tuple[ModelConfig, PretrainConfig]:
        """How to make the base model from nothing; an error where the run starts from real weights."""
        if self.model is None or self.pretrain is None:
            raise ValueError(f"the run starts from {self.base}: there is nothing to pretrain")
        return self.model, self.pretrain

    @property
    def in_one_process(self) -> bool:
        """Whether models made here, or of the mini world, are so small that a process holds them all."""
        return self.base is None or self.tasks.source == "mini"

    def require_reviser(self) -> None:
        """Raise `StageError` where reinforcement has nobody to revise: real weights have to be served."""
        if not self.in_one_process and self.engines.generator is None:
            raise StageError(
                "engines.generator is missing: serve the frozen generator, for instance with vLLM, "
                "and name its base_url and model"
            )


def load_config(path: Path) -> TrainConfig:
    """Read and check a TOML; a pydantic `ValidationError` names each field that is wrong."""
    return TrainConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
