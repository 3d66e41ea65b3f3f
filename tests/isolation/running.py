"""Run one attack and say what was not contained: the one rule for tests and for the report."""

import asyncio
import os
from dataclasses import dataclass, replace

from sandbox_runner.boxes.launcher import Launcher
from sandbox_runner.domain.verdict import Outcome, TestResult
from tests.isolation.bait import Bait
from tests.isolation.conftest import LIMITS, Arena
from tests.isolation.corpus.attack import Attack, Kind
from tests.isolation.invariants import Traces

# An emulated processor takes its time to fill memory, and the verdict shall be on the memory.
_LIMITS = replace(LIMITS, cpu_s=float(os.environ.get("ATTACK_CPU_S", "0.3")))  # noqa: TID251
# Room for a loaded machine; a program that is late by more was not held.
_LATE_S = 1.0
_LOOKS, _BETWEEN_LOOKS_S = 20, 0.01


@dataclass(frozen=True, slots=True)
class Containment:
    result: TestResult
    faults: tuple[str, ...]
    """Empty when the attack was contained."""


async def contain(arena: Arena, attack: Attack, bait: Bait, *, tests: int = 1) -> Containment:
    """Run it, then see that its verdict is one of those allowed and that nothing else changed."""
    launcher = arena.launcher()
    before, host = Traces.of(launcher), bait.state()
    result = await run(arena, attack, bait, tests=tests)
    faults = [*_faults_of(result, attack), *await arena.harm()]
    if arena.launcher() is not launcher:
        faults.append("the launcher was replaced")
    else:
        faults += await _lasting_differences(launcher, before)
    if bait.state() != host:
        faults.append("a file of the host changed")
    return Containment(result, tuple(faults))


async def _lasting_differences(launcher: Launcher, before: Traces) -> list[str]:
    """The launcher closes the channel on which it told of an end a moment after that."""
    found: list[str] = []
    for _ in range(_LOOKS):
        found = Traces.of(launcher).differences(before)
        if not found:
            break
        await asyncio.sleep(_BETWEEN_LOOKS_S)
    return found


async def run(arena: Arena, attack: Attack, bait: Bait, *, tests: int = 1) -> TestResult:
    limits = replace(_LIMITS, **dict(attack.limits))
    match attack.kind:
        case Kind.SCRIPT:
            return await arena.script(attack.code, str(attack.expected), limits=limits, tests=tests)
        case Kind.CALL:
            return await arena.call(attack.code, limits=limits, expected=attack.expected, tests=tests)
        case Kind.REFUSAL:
            expected, arg = attack.expected, bait.as_argument()
            return await arena.call(attack.code, limits=limits, arg=arg, expected=expected, tests=tests)


def _faults_of(result: TestResult, attack: Attack) -> list[str]:
    limits = replace(_LIMITS, **dict(attack.limits))
    faults = []
    if result.outcome not in attack.outcomes:
        faults.append(
            f"{result.outcome}, not {'/'.join(sorted(attack.outcomes))}: {result.message or result.returned}"
        )
    if result.wall_s > limits.wall_s + _LATE_S:
        faults.append(f"ended after {result.wall_s:.1f} s, the limit was {limits.wall_s}")
    if result.cpu_s > limits.cpu_s + _LATE_S:
        faults.append(f"used {result.cpu_s:.1f} s of CPU time, the limit was {limits.cpu_s}")
    if result.outcome is Outcome.INTERNAL_ERROR:
        faults.append("a box of ours broke")
    if any(not (c.isprintable() or c == "\n") for c in result.message):
        faults.append("the message could confuse a terminal")
    return faults
