"""One TOML, one tree. Imports nothing heavy, so that `--help` and validation answer at once."""

from training.config.hardware import HardwareConfig
from training.config.learning import GrpoConfig, LoraConfig, RewardConfig, ScreenConfig, SftConfig
from training.config.results import EvaluateConfig, EvaluationSet, ExportConfig
from training.config.scratch import (
    MixConfig,
    ModelConfig,
    NoiseConfig,
    PhaseConfig,
    PretrainConfig,
    SizeConfig,
)
from training.config.tasks import TasksConfig
from training.config.tree import TrainConfig, load_config
from training.config.writing import EndpointConfig, EnginesConfig, SolveConfig, SynthesizeConfig

__all__ = [
    "EndpointConfig",
    "EnginesConfig",
    "EvaluateConfig",
    "EvaluationSet",
    "ExportConfig",
    "GrpoConfig",
    "HardwareConfig",
    "LoraConfig",
    "MixConfig",
    "ModelConfig",
    "NoiseConfig",
    "PhaseConfig",
    "PretrainConfig",
    "RewardConfig",
    "ScreenConfig",
    "SftConfig",
    "SizeConfig",
    "SolveConfig",
    "SynthesizeConfig",
    "TasksConfig",
    "TrainConfig",
    "load_config",
]
