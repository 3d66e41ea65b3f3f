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

from benchmarks.arrivals import Stay, at_random, stays
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

LATENCY_S, JOB_LATENCY_S = 0.2, 5.0
"""Of a call. Jobs are at work for as long as with real engines: their gateway reads many streams together."""
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
    endpoint: float | None = None
    """The same of the mock endpoint, whose own queue is not simulated."""


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
    """Its own core may be the limit: what it spends is told."""
    redis: Redis
    session: aiohttp.ClientSession

    def cpu_s(self) -> tuple[float, float]:
        """Of the gateway, and of the endpoint."""
        return self.gateway.cpu_s(), self.upstream.cpu_s()

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
        stack = await _started(opening, LATENCY_S)
        units = await _unit_costs(stack)
        whole = [await _observed(stack, rate, int(rate * seconds)) for rate in foreground]
    return Measured(units, whole, await measured_jobs(jobs, seconds))


async def measured_jobs(rates: Sequence[float], seconds: float) -> list[Observed]:
    """Run jobs at each rate."""
    async with AsyncExitStack() as opening:
        stack = await _started(opening, JOB_LATENCY_S)
        return [await _observed_jobs(stack, rate, int(rate * seconds)) for rate in rates]


def compared(costs: Costs, found: Measured) -> list[Compared]:
    """Simulate the same rates."""
    return [
        Compared(durable, observed, _simulated(costs, found.units, observed.came, durable=durable))
        for durable, rates in ((False, found.foreground), (True, found.jobs))
        for observed in rates
    ]


async def _started(opening: AsyncExitStack, latency_s: float) -> Stack:
    folder = Path(opening.enter_context(tempfile.TemporaryDirectory()))
    redis = opening.enter_context(redis_server(folder))
    sandbox = await opening.enter_async_context(module("sandbox", "sandbox_runner.cli"))
    pace = ("--latency-ms", str(latency_s * 1000), "--pieces", str(PIECES))
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
    spent, began = stack.cpu_s(), time.perf_counter()
    found = await stays(lambda: stack.refine(REQUEST), at_random(rate, count))
    took = [stay.took for stay in found]
    # The last of them end when no others come: shares are of the time in which they came.
    busy_s = time.perf_counter() - began - statistics.fmean(took)
    gateway_s, endpoint_s = (now - before for now, before in zip(stack.cpu_s(), spent, strict=True))
    return _told(took, _rate(found), gateway_s / busy_s, endpoint=endpoint_s / busy_s)


async def _observed_jobs(stack: Stack, rate: float, count: int) -> Observed:
    """A job's own seconds are those in its result: nobody follows it, which would cost something."""
    stack.redis.flushall()
    before, spent, began = usage(stack.redis), stack.cpu_s(), time.perf_counter()
    found = await stays(
        lambda: begin(stack.session, stack.gateway, REQUEST | {"stream": True}), at_random(rate, count)
    )
    await all_done(stack.redis)
    wall_s = time.perf_counter() - began
    redis_s = (usage(stack.redis) - before).cpu_s
    gateway_s, endpoint_s = (now - before for now, before in zip(stack.cpu_s(), spent, strict=True))
    took = [_seconds(stack.redis, key) for key in stack.redis.scan_iter("ctrl:job:*", count=1000)]
    busy_s = wall_s - statistics.fmean(took)
    return _told(took, _rate(found), gateway_s / busy_s, redis_s / busy_s, endpoint_s / busy_s)


def _rate(found: Sequence[Stay]) -> float:
    return (len(found) - 1) / (found[-1].came - found[0].came)


def _seconds(redis: Redis, key: Any) -> float:
    told = redis.hget(key, "end_data")
    assert told is not None, "every job has ended"
    seconds: float = json.loads(told)["seconds"]
    return seconds


def _told(
    took: Sequence[float],
    came: float,
    gateway: float,
    redis: float | None = None,
    endpoint: float | None = None,
) -> Observed:
    middle, late = percentile(took, 50), percentile(took, 99)
    return Observed(came, statistics.fmean(took), middle, late, gateway, redis, endpoint)


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
    latency_s = JOB_LATENCY_S if durable else LATENCY_S
    fixed = Engine("mock", 0, latency_s / tokens, 0, 0, _FOREVER, _FOREVER, "fixed")
    plan = Plan(workload, _with(costs, units), dict.fromkeys(Role, fixed), float(durable), 1.0)
    sizes = Sizes(1, 1, dict.fromkeys(Role, 1), 1)
    found = simulate(plan, rate, sizes, Course(warm_s=20 * latency_s + 10, measured_s=300))
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
