"""What one thing costs, from `costs.toml`, and where each figure comes from."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

COSTS = Path(__file__).with_name("costs.toml")


class Figure(BaseModel):
    """A number and how it was found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float = Field(ge=0)
    what: str
    command: str
    date: str
    machine: str

    @property
    def s(self) -> float:
        """Seconds, of a figure in milliseconds."""
        return self.value / 1000


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """All of them, by name."""
        for name in type(self).model_fields:
            yield name, getattr(self, name)


class Gateway(_Part):
    """CPU of one process, which has one core: of a refinement answered as a whole, and of a job."""

    request_ms: Figure
    call_ms: Figure
    submission_ms: Figure
    job_ms: Figure
    piece_ms: Figure
    second_ms: Figure
    inflight_kb: Figure


class Sandbox(_Part):
    """CPU of one submission."""

    submission_ms: Figure


class Redis(_Part):
    """CPU of the one thread that runs commands, and memory."""

    job_ms: Figure
    second_ms: Figure
    job_commands: Figure
    second_commands: Figure
    job_kb: Figure
    sent_kb: Figure


class Costs(BaseModel):
    """All that a plan multiplies with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gateway: Gateway
    sandbox: Sandbox
    redis: Redis

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """All of them, as `part.name`."""
        for part in type(self).model_fields:
            for name, figure in getattr(self, part).figures():
                yield f"{part}.{name}", figure


def read_costs(path: Path = COSTS) -> Costs:
    """Read the file; a name that is missing, or that nobody knows, is an error."""
    return Costs.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
