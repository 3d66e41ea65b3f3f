"""What the environment says to a training process."""

from pydantic import Field, NonNegativeInt, PositiveInt
from pydantic_settings import BaseSettings, SettingsConfigDict


class Launch(BaseSettings):
    """This process among those that `accelerate launch` or `torchrun` started; alone without either."""

    model_config = SettingsConfigDict(frozen=True)

    rank: NonNegativeInt = Field(default=0, validation_alias="RANK")
    world_size: PositiveInt = Field(default=1, validation_alias="WORLD_SIZE")

    @property
    def is_first(self) -> bool:
        """Whether this is the one process that writes what all of them made."""
        return self.rank == 0
