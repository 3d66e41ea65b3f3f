"""Many runs, honest and hostile, through one sandbox; what they leave and how memory grows."""

import asyncio
import itertools
import random
import statistics
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sandbox_runner.domain.verdict import Outcome
from tests.isolation.bait import Bait
from tests.isolation.conftest import HONEST, Arena
from tests.isolation.corpus.attack import Attack
from tests.isolation.corpus.every import EVERY
from tests.isolation.invariants import Traces
from tests.isolation.running import run

_SAMPLES = 50
_WARM_UP = 0.3
_HONEST_SHARE = 0.5
_PAGE_BYTES = 4096


@dataclass(slots=True)
class Soak:
    """What was seen; every field but the counts should be empty or flat."""

    outcomes: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    service_bytes: list[int] = field(default_factory=list)
    launcher_bytes: list[int] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def service_growth_bytes(self) -> float:
        return growth(self.service_bytes)

    @property
    def launcher_growth_bytes(self) -> float:
        return growth(self.launcher_bytes)


def growth(samples: list[int]) -> float:
    """How much the straight line through the samples after warm-up rises from its start to its end."""
    settled = samples[int(len(samples) * _WARM_UP) :]
    if len(settled) < 2:
        return 0.0
    slope = statistics.linear_regression(range(len(settled)), settled).slope
    return slope * (len(settled) - 1)


def cheap_attacks(arena: Arena) -> list[Attack]:
    """Those that end by themselves, and soon: a time limit would make up most of the run."""
    return [
        attack
        for attack in EVERY
        if not attack.outcomes & {Outcome.TIME_LIMIT, Outcome.MEMORY_LIMIT, Outcome.OUTPUT_LIMIT}
        and (arena.isolated or not attack.needs_namespaces)
    ]


async def soak(
    arena: Arena, bait: Bait, runs: int, show: Callable[[int], None], *, concurrency: int = 2, seed: int = 1
) -> Soak:
    seen, attacks, rng = Soak(), cheap_attacks(arena), random.Random(seed)
    launcher = arena.launcher()
    before = Traces.of(launcher)
    turns = iter(range(runs))
    every = max(1, runs // _SAMPLES)

    async def work() -> None:
        for turn in turns:
            await _one(arena, bait, rng.choice(attacks) if rng.random() > _HONEST_SHARE else None, seen)
            if turn % every == 0:
                seen.service_bytes.append(_resident_bytes("self"))
                seen.launcher_bytes.append(_resident_bytes(str(launcher.pid)))
                show(turn)

    async with asyncio.TaskGroup() as group:
        for _ in itertools.repeat(None, concurrency):
            group.create_task(work())
    seen.left = Traces.of(launcher).differences(before)
    if launcher.leaked_cgroups or launcher.leaked_processes:
        seen.left.append(f"leaked: {launcher.leaked_cgroups} cgroups, {launcher.leaked_processes} processes")
    return seen


async def _one(arena: Arena, bait: Bait, attack: Attack | None, seen: Soak) -> None:
    if attack is None:
        result, allowed, name = await arena.call(HONEST), frozenset({Outcome.ACCEPTED}), "an honest program"
    else:
        result, allowed, name = await run(arena, attack, bait), attack.outcomes, attack.label
    seen.outcomes[result.outcome] += 1
    if result.outcome not in allowed:
        seen.unexpected.append(f"{name}: {result.outcome}: {result.message[:200]}")


def _resident_bytes(process: str) -> int:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE_BYTES
