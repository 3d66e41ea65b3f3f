"""All configuration of the sandbox process. Nobody else reads the environment."""

import os
from typing import Annotated, Self

from pydantic import Field, PositiveFloat, PositiveInt, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from sandbox_runner.domain.verdict import Limits, Tier

PREFIX = "SANDBOX_"
_NOT_OURS = frozenset({"SANDBOX_FUSION_ENDPOINT", "SANDBOX_FUSION_DATASET_ENDPOINT"})
"""What SandboxFusion's client reads; it may run beside us."""


class SettingError(ValueError):
    """A variable with our prefix that names no setting, or a value that a setting cannot have."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    concurrency: PositiveInt | None = None
    """Submissions judged at once; more than the CPUs would turn wall clocks into load meters.

    Unset: one for each CPU, and one more while they take milliseconds.
    """
    queue_size: int = Field(default=256, ge=0)
    """Submissions that may wait; the next is answered 503."""
    patient_queue_size: int = Field(default=4096, ge=0)
    """The same for batches and for SandboxFusion's routes, whose clients do not come back after a 503."""
    drain_s: PositiveFloat = 30.0
    """After SIGTERM, how long what runs and waits may take to finish."""
    client_s: PositiveFloat = 30.0
    """How long a client may take to send its request, or to accept one line of a stream."""
    body_bytes: PositiveInt = 32 << 20
    """The largest request that is read."""
    answer_bytes: PositiveInt = 64 << 20
    """What one unstreamed answer holds of outputs; later tests keep their outcome and lose their output."""
    max_tests: PositiveInt = 100_000
    """Tests in one request, over all submissions of a batch."""
    max_code_bytes: PositiveInt = 1 << 20
    cache_bytes: int = Field(default=0, ge=0)
    """Memory for verdicts that are given again without running anything; 0 is no cache."""
    cache_entries: PositiveInt = 65_536
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """`key` or `tenant:key`, separated by commas; empty asks nobody for a key."""

    min_tier: Tier = Tier.T1
    """The process refuses to start below it. T0 is not accepted: it would be no sandbox."""
    namespaces: bool = True
    """Off shows what a container without privileges would give: tier T1."""
    cgroup: str = ""
    """A delegated version 2 directory, or `self`; empty is what is ours of either, `none` nothing."""

    cpu_s: PositiveFloat = 4.0
    memory_bytes: PositiveInt = 512 << 20
    output_bytes: PositiveInt = 4 << 20
    max_cpu_s: PositiveFloat = 60.0
    max_wall_s: PositiveFloat = 120.0
    min_memory_bytes: PositiveInt = 64 << 20
    max_memory_bytes: PositiveInt = 4 << 30
    max_output_bytes: PositiveInt = 64 << 20
    max_processes: PositiveInt = 32
    fusion_memory_bytes: PositiveInt = 1 << 30
    """For SandboxFusion's clients that ask for no limit."""
    fusion_processes: PositiveInt = 16
    """They expect that programs may fork; below tier T2 none may."""

    @field_validator("api_keys", mode="before")
    @classmethod
    def _split_keys(cls, keys: object) -> object:
        return tuple(key.strip() for key in keys.split(",") if key.strip()) if isinstance(keys, str) else keys

    @field_validator("api_keys")
    @classmethod
    def _no_empty_key(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any("" in key.get_secret_value().split(":", 1) for key in keys):
            raise ValueError("a key or the name of its tenant is empty")
        return keys

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
            if name.upper().startswith(PREFIX)
            and name.upper()[len(PREFIX) :].lower() not in cls.model_fields
            and name not in _NOT_OURS
        )
        if unknown:
            raise SettingError(f"unknown settings: {', '.join(unknown)}")
        try:
            return cls()
        except ValidationError as error:
            wrong = [
                f"{_variable(e['loc'])}: {e['msg']}"
                + ("" if e["loc"][0] == "api_keys" else f", found {e['input']!r}")
                for e in error.errors()
            ]
            # Not `from error`, which quotes secrets.
            raise SettingError("; ".join(wrong)) from None

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
