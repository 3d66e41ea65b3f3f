"""All configuration of the sandbox process. Nobody else reads the environment."""

import os
from typing import Self

from pydantic import Field, PositiveFloat, PositiveInt, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from sandbox_runner.verdict import Limits, Tier

PREFIX = "SANDBOX_"


class SettingError(ValueError):
    """A variable with our prefix that names no setting, or a value that a setting cannot have."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    concurrency: PositiveInt = Field(default_factory=lambda: len(os.sched_getaffinity(0)))
    """Submissions judged at once; more than the CPUs would turn wall clocks into load meters."""
    queue_size: int = Field(default=256, ge=0)
    """Submissions that may wait; the next is answered 503."""
    body_bytes: PositiveInt = 32 << 20
    """The largest request that is read."""
    max_tests: PositiveInt = 1000
    max_code_bytes: PositiveInt = 1 << 20

    min_tier: Tier = Tier.T1
    """The process refuses to start below it. T0 is not accepted: it would be no sandbox."""
    namespaces: bool = True
    """Off shows what a container without privileges would give: tier T1."""
    cgroup: str = ""
    """A delegated cgroup v2 directory; empty looks for a v1 hierarchy, `none` uses no cgroup."""

    cpu_s: PositiveFloat = 4.0
    memory_bytes: PositiveInt = 512 << 20
    output_bytes: PositiveInt = 4 << 20
    max_cpu_s: PositiveFloat = 60.0
    max_wall_s: PositiveFloat = 120.0
    min_memory_bytes: PositiveInt = 64 << 20
    max_memory_bytes: PositiveInt = 4 << 30
    max_output_bytes: PositiveInt = 64 << 20
    max_processes: PositiveInt = 32

    @field_validator("min_tier")
    @classmethod
    def _no_unsafe_tier(cls, tier: Tier) -> Tier:
        if tier is Tier.T0:
            raise ValueError("it must be T1 or more: T0 is no sandbox")
        return tier

    @classmethod
    def from_environment(cls) -> Self:
        """Read the environment; a `SettingError` names each variable that is wrong."""
        unknown = sorted(
            name
            for name in os.environ  # noqa: TID251 - this is the settings module
            if name.upper().startswith(PREFIX) and name.upper()[len(PREFIX) :].lower() not in cls.model_fields
        )
        if unknown:
            raise SettingError(f"unknown settings: {', '.join(unknown)}")
        try:
            return cls()
        except ValidationError as error:
            wrong = [f"{_variable(e['loc'])}: {e['msg']}, found {e['input']!r}" for e in error.errors()]
            raise SettingError("; ".join(wrong)) from error

    @property
    def default_limits(self) -> Limits:
        return Limits(
            self.cpu_s, self.wall_for(self.cpu_s), self.memory_bytes, self.output_bytes, processes=1
        )

    def wall_for(self, cpu_s: float) -> float:
        """The wall limit where none is asked for: room for a loaded machine, not for sleeping."""
        return min(self.max_wall_s, max(3 * cpu_s, cpu_s + 2))


def _variable(location: tuple[int | str, ...]) -> str:
    return PREFIX + "__".join(map(str, location)).upper()
