"""The simulated engine beside a real batched one: `python -m benchmarks.capacity.batching`.

The embedded engine with the shipped critic. What a step costs, and each sequence and prompt token in it, is
measured with calls that come together; then calls come at random moments, and the simulation is given the
same rates and the mean call.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Annotated

import typer

from benchmarks.arrivals import at_random, stays
from benchmarks.capacity.engine import Engine
from benchmarks.capacity.simulation.clock import Clock, Process
from benchmarks.capacity.simulation.replica import Replica
from benchmarks.capacity.workload import Call, Role
from benchmarks.percentiles import percentile
from service.adapters.embedded import EmbeddedModel
from service.domain.chat import Message, Sampling

_WEIGHTS = Path("weights/mini/critic")
_SLOTS = 8
_TASK = "Keep the even numbers, then take each number modulo 7, then return the sum. "
_SIMULATED_S = 2000.0


@dataclass(slots=True)
class _Asking:
    """Calls to the engine; no two prompts begin alike."""

    model: EmbeddedModel
    tokens: int
    asked: int = 0

    async def once(self, tokens: int | None = None) -> Call:
        """Ask, and return what the call was."""
        self.asked += 1
        prompt = [Message("user", f"{self.asked}. {_TASK * 4}")]
        sampling = Sampling(temperature=1.0, seed=self.asked, max_tokens=tokens or self.tokens)
        usage = (await self.model.complete(prompt, sampling))[0].usage
        return Call(Role.CRITIC, usage.prompt_tokens, 0, usage.completion_tokens)

    async def together(self, count: int, tokens: int) -> tuple[float, list[Call]]:
        """Ask so many at one moment; return the seconds until the last answer."""
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.once(tokens)) for _ in range(count)]
        return time.perf_counter() - began, [task.result() for task in tasks]


async def fitted(asking: _Asking, rounds: int) -> Engine:
    """Measure the engine: prompts alone, then batches of one and of all places."""
    prompt_s, step_s = [], {1: list[float](), _SLOTS: list[float]()}
    for _ in range(rounds):
        seconds, calls = await asking.together(_SLOTS, 1)
        prompt_s.append(seconds / sum(call.prompt for call in calls))
        for count, found in step_s.items():
            seconds, calls = await asking.together(count, asking.tokens)
            reading_s = prompt_s[-1] * sum(call.prompt for call in calls)
            found.append((seconds - reading_s) / max(call.completion for call in calls))
    alone, full = (statistics.median(step_s[count]) for count in (1, _SLOTS))
    sequence_s = (full - alone) / (_SLOTS - 1)
    return Engine(
        "embedded-mini",
        0,
        max(0.0, alone - sequence_s),
        sequence_s,
        statistics.median(prompt_s),
        10**9,
        _SLOTS,
        "measured here",
    )


async def observed(asking: _Asking, rate: float, count: int) -> tuple[list[float], Call]:
    """Let calls come at random moments; return their seconds and the mean call."""
    calls: list[Call] = []

    async def ask() -> None:
        calls.append(await asking.once())

    found = await stays(ask, at_random(rate, count))
    prompt, completion = (
        statistics.fmean(getattr(call, name) for call in calls) for name in ("prompt", "completion")
    )
    return [stay.took for stay in found], Call(Role.CRITIC, prompt, 0, completion)


def simulated(engine: Engine, call: Call, rate: float, seed: int = 0) -> list[float]:
    """Return the seconds of the same calls in the simulation."""
    clock, rng = Clock(), Random(seed)  # noqa: S311 - arrivals, not secrets
    replica = Replica(clock, engine)
    took: list[float] = []

    def one() -> Process:
        came = clock.now
        yield replica.complete(call)
        took.append(clock.now - came)

    def arrivals() -> Process:
        while True:
            yield clock.pause(rng.expovariate(rate))
            clock.start(one())

    clock.start(arrivals())
    clock.run(_SIMULATED_S)
    return took


async def _compare(loads: Sequence[float], seconds: float, tokens: int, rounds: int) -> None:
    async with EmbeddedModel.load("batching", _WEIGHTS, slots=_SLOTS, prefix_cache_bytes=0) as model:
        asking = _Asking(model, tokens)
        await asking.together(_SLOTS, tokens)
        engine = await fitted(asking, rounds)
        _, (call, *_) = await asking.together(1, tokens)
        print(
            f"{engine.step_s * 1000:.3f} ms a step, {engine.sequence_s * 1000:.3f} ms a sequence in it, "
            f"{engine.prompt_token_s * 1000:.4f} ms a prompt token; {engine.rate(call):.1f} calls/s at most"
        )
        print(f"{'load':>5} {'calls/s':>8} {'mean ms':>24} {'p50 ms':>24} {'p99 ms':>24}")
        for load in loads:
            rate = load * engine.rate(call)
            took, mean = await observed(asking, rate, int(rate * seconds))
            _show(load, rate, took, simulated(engine, mean, rate))


def _show(load: float, rate: float, took: Sequence[float], simulation: Sequence[float]) -> None:
    figures = (
        (statistics.fmean(took), statistics.fmean(simulation)),
        *((percentile(took, percent), percentile(simulation, percent)) for percent in (50, 99)),
    )
    pairs = (f"{1000 * ours:.0f} : {1000 * theirs:.0f} ({theirs / ours:.2f})" for ours, theirs in figures)
    print(f"{load:5.0%} {rate:8.1f}", *(f"{pair:>24}" for pair in pairs))


def main(
    load: Annotated[list[float], typer.Option(help="Share of what the engine carries.")] = [0.3, 0.5, 0.7],  # noqa: B006
    seconds: Annotated[float, typer.Option(help="At each load.")] = 20.0,
    tokens: Annotated[int, typer.Option(help="Of a completion at most.")] = 96,
    rounds: Annotated[int, typer.Option(help="Of measuring the engine.")] = 5,
) -> None:
    """Compare the simulated engine with the embedded one."""
    asyncio.run(_compare(load, seconds, tokens, rounds))


if __name__ == "__main__":
    typer.run(main)
