"""How fast submissions are judged over HTTP: `python -m benchmarks.sandbox`.

Two services of the same app answer the same requests. One judges as shipped: a fresh box a submission and a
fresh process a test, at the highest tier of the machine. The other, the reference, starts a fresh
`python -I -S` for each test, with no isolation at all. Rounds alternate, so that both meet the same load;
figures are medians over rounds. CPU time is that of a service with all its children, not of the client.
"""

import asyncio
import heapq
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import aiohttp
import typer

from benchmarks.arrivals import Stay, at_random, evenly, stays
from benchmarks.percentiles import percentile
from benchmarks.processes import Service, module
from sandbox_runner import garbage

_TRIVIAL = "print(int(input()) + 1)\n"
_CALLED = "def f(n):\n    return n + 1\n"
_REQUESTS: dict[str, dict[str, Any]] = {
    "10 tests": {"code": _TRIVIAL, "tests": [{"stdin": f"{n}\n", "stdout": f"{n + 1}\n"} for n in range(10)]},
    "1 test": {"code": _TRIVIAL, "tests": [{"stdin": "3\n", "stdout": "4\n"}]},
    "10 calls": {
        "code": _CALLED,
        "entry_point": "f",
        "tests": [{"args": [n], "expected": n + 1} for n in range(10)],
    },
}
_ONLY_OURS = "10 calls"


@dataclass(frozen=True, slots=True)
class Round:
    rate: float
    """Submissions a second."""
    cpu_ms: float
    """CPU milliseconds a submission."""


async def _ask(session: aiohttp.ClientSession, service: Service, request: dict[str, Any]) -> None:
    async with session.post(f"{service.url}/judge", json=request) as answer:
        body = await answer.json()
    if body["verdict"]["outcome"] != "accepted":
        raise RuntimeError(f"{service.name} judged an honest program: {body}")


async def _round(
    session: aiohttp.ClientSession, service: Service, request: dict[str, Any], count: int, at_once: int
) -> Round:
    waiting = iter(range(count))

    async def work() -> None:
        for _ in waiting:
            await _ask(session, service, request)

    cpu, wall = service.cpu_s(), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())
    wall = time.perf_counter() - wall
    return Round(count / wall, (service.cpu_s() - cpu) / count * 1000)


def _waits(stays: Sequence[Stay], servers: int, service_s: float) -> list[float]:
    """Seconds that each of the same requests would wait for one of `servers` that never dawdle."""
    free = [0.0] * servers
    waits = []
    for stay in stays:
        began = max(stay.came, heapq.heappop(free))
        heapq.heappush(free, began + service_s)
        waits.append(began - stay.came)
    return waits


async def _compare(count: int, rounds: int, latency: int) -> None:
    at_once = 2 * len(os.sched_getaffinity(0))  # so that no CPU waits for a client
    async with (
        module("ours", "sandbox_runner.cli") as ours,
        module("reference", "benchmarks.reference_sandbox") as reference,
        aiohttp.ClientSession() as session,
    ):
        async with session.get(f"{ours.url}/ready") as answer:
            tier = (await answer.json())["tier"]
        print(f"tier {tier}, {at_once} at once, medians of {rounds} rounds of {count} submissions")
        print(f"{'':10} {'':10} {'tests/s':>9} {'CPU ms/submission':>18} {'CPU ms/test':>12}")
        for name, request in _REQUESTS.items():
            services = [ours] if name == _ONLY_OURS else [ours, reference]
            measured: dict[str, list[Round]] = {service.name: [] for service in services}
            for _ in range(rounds):
                for service in services:
                    measured[service.name].append(await _round(session, service, request, count, at_once))
            _show(name, len(request["tests"]), measured)
        await _show_latency(session, ours, latency)


def _show(name: str, tests: int, measured: dict[str, list[Round]]) -> None:
    for service, rounds in measured.items():
        rate = statistics.median(each.rate for each in rounds) * tests
        cpu = statistics.median(each.cpu_ms for each in rounds)
        print(f"{name:10} {service:10} {rate:9.0f} {cpu:18.1f} {cpu / tests:12.2f}")
    if len(measured) == 2:
        pairs = list(zip(measured["ours"], measured["reference"], strict=True))
        rate = statistics.median(ours.rate / theirs.rate for ours, theirs in pairs)
        cpu = statistics.median(theirs.cpu_ms / ours.cpu_ms for ours, theirs in pairs)
        print(f"{'':10} {'':10} throughput x{rate:.1f}, CPU x{cpu:.1f}")


async def _show_latency(session: aiohttp.ClientSession, ours: Service, count: int) -> None:
    """Latency at 70 % load, beside the queue that the same arrivals make before the best of services."""
    request, cpus = _REQUESTS["1 test"], len(os.sched_getaffinity(0))
    full = await _round(session, ours, request, count, cpus)
    ask = partial(_ask, session, ours, request)
    alone = await stays(ask, evenly(full.rate * 0.05, count // 4))
    idle = statistics.median(stay.took for stay in alone)
    print(f"latency of one test: {idle * 1000:.1f} ms alone; added at 70 % of {full.rate:.0f}/s:")
    for how, moments in (("evenly", evenly), ("at random", at_random)):
        loaded = await stays(ask, moments(full.rate * 0.7, count))
        _show_percentiles(f"sent {how}", [stay.took - idle for stay in loaded])
        _show_percentiles(f"a perfect queue for {cpus} CPUs", _waits(loaded, cpus, cpus / full.rate))


def _show_percentiles(name: str, seconds: Sequence[float]) -> None:
    shown = (f"p{p} {percentile(seconds, p) * 1000:.1f} ms" for p in (50, 95, 99))
    print(f"{name:28}", ", ".join(shown))


def main(
    count: Annotated[int, typer.Option(help="Submissions a round.")] = 60,
    rounds: Annotated[int, typer.Option(help="Rounds.")] = 7,
    latency: Annotated[int, typer.Option(help="Requests for the latency figures.")] = 600,
) -> None:
    """Measure the sandbox against fresh interpreters behind the same HTTP interface."""
    garbage.settle()  # a client that stops to collect would be taken for a service that does
    asyncio.run(_compare(count, rounds, latency))


if __name__ == "__main__":
    typer.run(main)
