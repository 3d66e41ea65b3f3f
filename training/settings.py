"""What training takes from the environment: secrets, rewards for other trainers, and its own launcher."""

from pydantic import Field, NonNegativeInt, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from training.config.section import Address


class Secrets(BaseSettings):
    """`CTRL_TRAIN_API_KEY` opens the endpoints that `[engines]` names."""

    model_config = SettingsConfigDict(env_prefix="CTRL_TRAIN_", frozen=True)

    api_key: SecretStr | None = None


class RewardSettings(BaseSettings):
    """`CTRL_REWARD_…`: the parts of a reward that another trainer's workers load by file and name."""

    model_config = SettingsConfigDict(env_prefix="CTRL_REWARD_", frozen=True)

    generator_url: Address
    """Base URL of the frozen generator, OpenAI-compatible."""
    generator_model: str
    sandbox_url: Address
    max_revision_tokens: PositiveInt = 1024
    concurrency: PositiveInt = 64


class Launch(BaseSettings):
    """This process among those that `accelerate launch` or `torchrun` started; alone without either."""

    model_config = SettingsConfigDict(frozen=True)

    rank: NonNegativeInt = Field(default=0, validation_alias="RANK")
    world_size: PositiveInt = Field(default=1, validation_alias="WORLD_SIZE")

    @property
    def is_first(self) -> bool:
        """Whether this is the one process that writes what all of them made."""
        return self.rank == 0
