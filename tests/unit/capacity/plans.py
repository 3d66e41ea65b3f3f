"""Plans for tests: costs that are easy to reckon with, not those that were measured."""

from dataclasses import replace

from benchmarks.capacity.costs import Costs, Figure, Gateway, Redis, Sandbox
from benchmarks.capacity.engine import Engine
from benchmarks.capacity.plan import Plan
from benchmarks.capacity.workload import Role, Workload

ENGINE = Engine(
    "test",
    1,
    step_s=0.01,
    sequence_s=0.0001,
    prompt_token_s=0.00005,
    cache_tokens=200_000,
    max_sequences=64,
    source="test",
)


def plan(durable: float = 0.0, workload: Workload | None = None, engine: Engine = ENGINE) -> Plan:
    """Both roles have the same engine."""
    return Plan(workload or Workload(), _costs(), dict.fromkeys(Role, engine), durable)


def instant(seconds: float) -> Engine:
    """Return an engine of endless places that takes always as long for a program of 300 tokens."""
    return replace(
        ENGINE,
        step_s=seconds / 300,
        sequence_s=0,
        prompt_token_s=0,
        cache_tokens=10**9,
        max_sequences=10**9,
    )


def _costs() -> Costs:
    return Costs(
        gateway=Gateway(
            request_ms=_figure(4),
            call_ms=_figure(2),
            submission_ms=_figure(2),
            job_ms=_figure(6),
            piece_ms=_figure(0.01),
            second_ms=_figure(0.5),
            inflight_kb=_figure(80),
        ),
        sandbox=Sandbox(submission_ms=_figure(25)),
        redis=Redis(
            job_ms=_figure(2),
            second_ms=_figure(0.2),
            job_commands=_figure(100),
            second_commands=_figure(10),
            job_kb=_figure(90),
            sent_kb=_figure(60),
        ),
    )


def _figure(value: float) -> Figure:
    return Figure(value=value, what="a test's", command="none", date="never", machine="none")
