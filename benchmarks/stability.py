"""Do verdicts stay the same on a loaded machine? `python -m benchmarks.stability`.

Honest programs, made by seed, are judged again and again, twice as many at once as there are CPUs. Some
need about half of the CPU time they may use. A verdict that differs from the program's usual one has flipped.
"""

import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import structlog
import typer

from sandbox_runner.domain.cases import CallCase, Case, StdinCase, Submission
from sandbox_runner.domain.comparison import Equality
from sandbox_runner.domain.verdict import Limits, Outcome
from sandbox_runner.sandbox import Sandbox, open_sandbox
from sandbox_runner.settings import Settings

_LIMITS = Limits(cpu_s=0.4, wall_s=6.0, memory_bytes=256 << 20, output_bytes=4 << 20, processes=1)
_AT_ONCE = 2 * len(os.sched_getaffinity(0))
_BUSY_SHARE = 0.2
_BUSY_S = 0.5 * _LIMITS.cpu_s

_BUSY = """
import time
def f(values):
    while time.process_time() < {busy_s}: sorted(values)
    return sorted(values)
"""
_CALL = "def f(values):\n    return sorted(values)\n"
_PRINT = "values = list(map(int, input().split()))\nprint(*sorted(values))\n"


@dataclass(frozen=True, slots=True)
class Flips:
    judged: int
    flipped: int
    outcomes: Counter[Outcome]


def _programs(count: int, seed: int) -> Iterator[Submission]:
    rng = random.Random(seed)  # noqa: S311 - cases are drawn, not secrets
    for _ in range(count):
        values = [rng.randrange(1000) for _ in range(rng.randrange(1, 200))]
        kind = rng.random()
        if kind < _BUSY_SHARE:
            yield _call(_BUSY.format(busy_s=_BUSY_S), values)
        elif kind < (1 + _BUSY_SHARE) / 2:
            yield _call(_CALL, values)
        else:
            right = " ".join(map(str, sorted(values)))
            yield _submission(_PRINT, StdinCase(" ".join(map(str, values)), right))


def _call(code: str, values: list[int]) -> Submission:
    return _submission(code, CallCase("f", (values,), {}, sorted(values), Equality.JSON))


def _submission(code: str, case: Case) -> Submission:
    return Submission(code, (case,), _LIMITS)


async def _measure(sandbox: Sandbox, programs: list[Submission], repeats: int) -> Flips:
    seen: list[list[Outcome]] = [[] for _ in programs]
    # Every repeat goes through all programs, so that each meets another neighbour.
    turns = iter([at for _ in range(repeats) for at in range(len(programs))])
    total, done = len(programs) * repeats, 0
    started = time.monotonic()

    async def work() -> None:
        nonlocal done
        for at in turns:
            seen[at].append((await sandbox.judge.judge(programs[at])).outcome)
            done += 1
            if done % 50 == 0:
                rate = done / (time.monotonic() - started)
                print(f"\r{done}/{total} verdicts, {rate:.0f} a second", end="", file=sys.stderr, flush=True)

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(work())
    usual = [Counter(outcomes).most_common(1)[0][0] for outcomes in seen]
    flipped = sum(outcome is not usual[at] for at, outcomes in enumerate(seen) for outcome in outcomes)
    return Flips(total, flipped, Counter(outcome for outcomes in seen for outcome in outcomes))


async def _run(programs: int, repeats: int, seed: int) -> None:
    async with open_sandbox(Settings.from_environment()) as sandbox:
        flips = await _measure(sandbox, list(_programs(programs, seed)), repeats)
        print(f"\ntier {sandbox.readiness.tier}, {_AT_ONCE} at once on {_AT_ONCE // 2} CPUs")
        print(f"{flips.judged} verdicts of {programs} programs: {dict(flips.outcomes)}")
        share = 100 * flips.flipped / flips.judged
        print(f"{flips.flipped} differ from the program's usual one: {share:.3f} %")


def main(
    programs: Annotated[int, typer.Option(help="Honest programs.")] = 500,
    repeats: Annotated[int, typer.Option(help="How often each is judged.")] = 20,
    seed: Annotated[int, typer.Option(help="Which programs.")] = 1,
) -> None:
    """Count verdicts that differ from run to run."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(_run(programs, repeats, seed))


if __name__ == "__main__":
    typer.run(main)
