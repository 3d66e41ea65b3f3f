"""The simulation beside the real thing: our gateway, a mock endpoint of a fixed pace, a real Redis.

First what one call and one refinement cost the gateway is measured while it is nearly idle, and what a
submission adds, with a real sandbox. Then refinements come at random moments, at rates that it was not
measured at, and the simulation is given the same rates and those costs.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from redis import Redis

from benchmarks.arrivals import Stay, stays
from benchmarks.capacity.costs import Costs
from benchmarks.capacity.engine import Engine
from benchmarks.capacity.plan import Plan, Sizes
from benchmarks.capacity.simulation.findings import Course, simulate
from benchmarks.capacity.workload import Role, Workload
from benchmarks.gateway.load import closed_loop, median_of
from benchmarks.gateway.ours import opened
from benchmarks.gateway.refining import REQUEST, REVISIONS
from benchmarks.percentiles import percentile
from benchmarks.processes import Service, module
from benchmarks.store.jobs import all_done, begin
from benchmarks.store.usage import usage
from tests.redis_server import redis_server

LATENCY_S = 0.2
PIECES = 60
"""Of an answer to a job. With one a token the mock endpoint itself would be the limit."""
_FEW, _MANY = 0, 4
"""Revisions of the two measurements that a line is laid through."""
_TESTS = [{"args": [n], "expected": n} for n in range(10)]
_FOREVER = 10**9
_SECTIONS = """
[sandbox]
url = "{sandbox}"

[store]
url = "{redis}"
timeout_s = 10
max_background = 4000
max_queued = 100000
"""


@dataclass(frozen=True, slots=True)
class UnitCosts:
    """CPU milliseconds of the gateway."""

    request_ms: float
    call_ms: float
    submission_ms: float


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen at one rate, or what the simulation says of it."""

    came: float
    """Refinements a second that were asked for."""
    mean_s: float
    p50_s: float
    p99_s: float
    gateway: float
    redis: float | None = None
    """Shares of their time in which they worked."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One rate."""

    durable: bool
    measured: Observed
    simulated: Observed


@dataclass(frozen=True, slots=True)
class Stack:
    """What was started."""

    gateway: Service
    upstream: Service
    redis: Redis
    session: aiohttp.ClientSession

    async def refine(self, request: dict[str, Any]) -> None:
        """Ask for one refinement and wait for it."""
        async with self.session.post(f"{self.gateway.url}/refine", json=request) as answer:
            body = await answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the gateway did not refine: {answer.status} {body[-500:]!r}")


@dataclass(frozen=True, slots=True)
class Measured:
    """What the real thing did."""

    units: UnitCosts
    foreground: list[Observed]
    jobs: list[Observed]


async def measured(foreground: Sequence[float], jobs: Sequence[float], seconds: float) -> Measured:
    """Run it at each rate."""
    async with AsyncExitStack() as opening:
        stack = await _started(opening)
        return Measured(
            await _unit_costs(stack),
            [await _observed(stack, rate, int(rate * seconds)) for rate in foreground],
            [await _observed_jobs(stack, rate, int(rate * seconds)) for rate in jobs],
        )


def compared(costs: Costs, found: Measured) -> list[Compared]:
    """Simulate the same rates."""
    return [
        Compared(durable, observed, _simulated(costs, found.units, observed.came, durable=durable))
        for durable, rates in ((False, found.foreground), (True, found.jobs))
        for observed in rates
    ]


async def _started(opening: AsyncExitStack) -> Stack:
    folder = Path(opening.enter_context(tempfile.TemporaryDirectory()))
    redis = opening.enter_context(redis_server(folder))
    sandbox = await opening.enter_async_context(module("sandbox", "sandbox_runner.cli"))
    pace = ("--latency-ms", str(LATENCY_S * 1000), "--pieces", str(PIECES))
    upstream = await opening.enter_async_context(
        module("upstream", "benchmarks.gateway.upstream", *pace, ready="/counts")
    )
    sections = _SECTIONS.format(sandbox=sandbox.url, redis=redis.url)
    gateway = await opening.enter_async_context(opened(upstream, folder, sections))
    connector = aiohttp.TCPConnector(limit=0)
    session = await opening.enter_async_context(aiohttp.ClientSession(connector=connector))
    return Stack(gateway, upstream, Redis.from_url(redis.url), session)


async def _unit_costs(stack: Stack) -> UnitCosts:
    """Lay a line through refinements of few calls and of many; tests come on top."""
    few = await _cpu_ms(stack, REQUEST | {"rounds": _FEW})
    many = await _cpu_ms(stack, REQUEST | {"rounds": _MANY})
    # Where what is fixed is lost in the noise, all of it is the calls'.
    call_ms = min((many - few) / (2 * (_MANY - _FEW)), many / (2 * (_MANY + 1)))
    tested = await _cpu_ms(stack, REQUEST | {"rounds": _MANY, "entry_point": "f", "tests": _TESTS})
    request_ms = many - 2 * (_MANY + 1) * call_ms
    return UnitCosts(request_ms, call_ms, (tested - many) / (_MANY + 1))


async def _cpu_ms(stack: Stack, request: dict[str, Any]) -> float:
    async def ask() -> None:
        await stack.refine(request)

    rounds = [await closed_loop(stack.gateway, ask, count=64, at_once=16) for _ in range(3)]
    return median_of(rounds[1:], lambda each: each.cpu_ms)  # the first one warms up


async def _observed(stack: Stack, rate: float, count: int) -> Observed:
    cpu_s, began = stack.gateway.cpu_s(), time.perf_counter()
    found = await stays(lambda: stack.refine(REQUEST), rate, count)
    wall_s = time.perf_counter() - began
    took = [stay.took for stay in found]
    # The last of them end when no others come: the core's share is of the time in which they came.
    busy = (stack.gateway.cpu_s() - cpu_s) / (wall_s - statistics.fmean(took))
    return _told(took, _rate(found), busy)


async def _observed_jobs(stack: Stack, rate: float, count: int) -> Observed:
    """A job's own seconds are those in its result: nobody follows it, which would cost something."""
    stack.redis.flushall()
    before, cpu_s, began = usage(stack.redis), stack.gateway.cpu_s(), time.perf_counter()
    found = await stays(lambda: begin(stack.session, stack.gateway, REQUEST), rate, count)
    await all_done(stack.redis)
    wall_s = time.perf_counter() - began
    redis_s, gateway_s = (usage(stack.redis) - before).cpu_s, stack.gateway.cpu_s() - cpu_s
    took = [_seconds(stack.redis, key) for key in stack.redis.scan_iter("ctrl:job:*", count=1000)]
    busy_s = wall_s - statistics.fmean(took)
    return _told(took, _rate(found), gateway_s / busy_s, redis_s / busy_s)


def _rate(found: Sequence[Stay]) -> float:
    return (len(found) - 1) / (found[-1].came - found[0].came)


def _seconds(redis: Redis, key: Any) -> float:
    told = redis.hget(key, "end_data")
    assert told is not None, "every job has ended"
    seconds: float = json.loads(told)["seconds"]
    return seconds


def _told(took: Sequence[float], came: float, gateway: float, redis: float | None = None) -> Observed:
    middle, late = percentile(took, 50), percentile(took, 99)
    return Observed(came, statistics.fmean(took), middle, late, gateway, redis)


def _simulated(costs: Costs, units: UnitCosts, rate: float, *, durable: bool) -> Observed:
    """One gateway, one Redis, and engines that always take the same time."""
    tokens = 300.0
    workload = Workload(
        REVISIONS,
        program_tokens=tokens,
        critique_tokens=tokens,
        piece_tokens=tokens / PIECES,
        variation=0,
        tested=False,
    )
    fixed = Engine("mock", 0, LATENCY_S / tokens, 0, 0, _FOREVER, _FOREVER, "fixed")
    plan = Plan(workload, _with(costs, units), dict.fromkeys(Role, fixed), float(durable), 1.0)
    sizes = Sizes(1, 1, dict.fromkeys(Role, 1), 1)
    found = simulate(plan, rate, sizes, Course(warm_s=20, measured_s=300))
    load = found.load
    return _told(found.latencies_s, found.offered, load.gateway, load.redis if durable else None)


def _with(costs: Costs, units: UnitCosts) -> Costs:
    gateway = costs.gateway.model_copy(
        update={
            name: getattr(costs.gateway, name).model_copy(update={"value": getattr(units, name)})
            for name in ("request_ms", "call_ms")
        }
    )
    return costs.model_copy(update={"gateway": gateway})
