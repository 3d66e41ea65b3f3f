"""Engines by name, from `engines.toml`: measured ones, and ones worked out from data sheets."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt

from benchmarks.capacity.engine import Engine
from training.plan.architecture import Architecture, architecture_of
from training.plan.planner import GPUS
from training.plan.serving import UTILIZATION, Serving

_ENGINES = Path(__file__).with_name("engines.toml")
_Share = Annotated[float, Field(gt=0, le=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Assumed(_Table):
    bandwidth: _Share
    operations: _Share
    max_sequences: PositiveInt


class _Roofline(_Table):
    gpu: str
    model: str
    gpus: PositiveInt


class _Measured(_Table):
    gpus: int = 0
    step_ms: float = Field(ge=0)
    sequence_ms: PositiveFloat
    prompt_token_ms: PositiveFloat
    cache_tokens: PositiveInt
    max_sequences: PositiveInt
    command: str
    date: str
    machine: str


class _File(_Table):
    assumed: _Assumed
    roofline: dict[str, _Roofline]
    measured: dict[str, _Measured] = {}


@dataclass(frozen=True, slots=True)
class _Sheet:
    memory_gb: float
    bandwidth_gb_s: float
    tflops: float


def names() -> list[str]:
    """All engines that there are."""
    known = _read()
    return [*known.roofline, *known.measured]


def engine(name: str, context_tokens: float) -> Engine:
    """Return an engine; `context_tokens` lie in the cache for a sequence on average.

    Raises `ValueError` for a name that is not there.
    """
    known = _read()
    if name in known.measured:
        return _measured(name, known.measured[name])
    if name in known.roofline:
        return _roofline(name, known.roofline[name], known.assumed, context_tokens)
    raise ValueError(f"{name}: there is no such engine; choose one of {', '.join(names())}")


def _read() -> _File:
    return _File.model_validate(tomllib.loads(_ENGINES.read_text(encoding="utf-8")))


def _measured(name: str, table: _Measured) -> Engine:
    return Engine(
        name,
        table.gpus,
        table.step_ms / 1000,
        table.sequence_ms / 1000,
        table.prompt_token_ms / 1000,
        table.cache_tokens,
        table.max_sequences,
        f"measured: `{table.command}`, {table.date}, {table.machine}",
    )


def _roofline(name: str, table: _Roofline, assumed: _Assumed, context_tokens: float) -> Engine:
    """Weights and keys and values at the memory's speed, two operations a parameter and token."""
    sheet = _Sheet(**tomllib.loads(GPUS.read_text(encoding="utf-8"))[table.gpu])
    model = _architecture(table.model)
    bytes_s = table.gpus * sheet.bandwidth_gb_s * 1e9 * assumed.bandwidth
    token_s = 2 * model.parameters / (table.gpus * sheet.tflops * 1e12 * assumed.operations)
    serving = Serving(model, table.gpus, UTILIZATION * sheet.memory_gb)
    return Engine(
        name,
        table.gpus,
        step_s=2 * model.parameters / bytes_s,
        sequence_s=token_s + model.cache_bytes * context_tokens / bytes_s,
        prompt_token_s=token_s,
        cache_tokens=serving.sequences(1),
        max_sequences=assumed.max_sequences,
        source=f"assumed: {table.model} on {table.gpus} {table.gpu.upper()}, data sheet x "
        f"{assumed.bandwidth:.0%} of bandwidth, {assumed.operations:.0%} of operations",
    )


def _architecture(model: str) -> Architecture:
    found = architecture_of(model)
    if found is None:
        raise ValueError(f"{model}: its sizes are unknown; add it to training/plan/architectures.toml")
    return found
