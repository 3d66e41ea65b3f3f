"""Derive the tier from attacks that are really made, not from flags.

Not covered: an attack that is not in `primitives`. The tier says which walls stood up to a push, no more.
"""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox_runner.cases import CallCase, Submission
from sandbox_runner.comparison import Equality
from sandbox_runner.judging import Judge
from sandbox_runner.primitives import PRIMITIVES, Primitive
from sandbox_runner.verdict import Limits, Tier

_LIMITS = Limits(cpu_s=2.0, wall_s=10.0, memory_bytes=128 << 20, output_bytes=1 << 20, processes=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """One primitive and how it stood up."""

    primitive: Primitive
    holds: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Readiness:
    tier: Tier
    walls: str
    findings: tuple[Finding, ...]

    def missing_for(self, tier: Tier) -> list[Finding]:
        return [f for f in self.findings if not f.holds and f.primitive.needed_for <= tier]


class TierTooLowError(Exception):
    """This machine gives less isolation than the operator demands."""

    def __init__(self, readiness: Readiness, wanted: Tier) -> None:
        lines = [f"The sandbox reached tier {readiness.tier}, and SANDBOX_MIN_TIER is {wanted}. Missing:"]
        for finding in readiness.missing_for(wanted):
            lines += [
                f"  {finding.primitive.name}: {finding.detail}",
                f"    remedy: {finding.primitive.remedy}",
            ]
        super().__init__("\n".join(lines))


async def examine(judge: Judge, walls: str, *, isolated: bool) -> Readiness:
    """Attack every primitive in turn; one at a time, because several are about limits."""
    with _bait() as bait:
        findings = [await _attack(judge, primitive, bait, isolated=isolated) for primitive in PRIMITIVES]
    return Readiness(_tier(findings), walls, tuple(findings))


async def _attack(judge: Judge, primitive: Primitive, bait: dict[str, object], *, isolated: bool) -> Finding:
    if primitive.needed_for > Tier.T1 and not isolated:
        return Finding(primitive, holds=False, detail="there are no namespaces")
    case = CallCase("attack", (bait,), {}, "held", Equality.JSON)
    limits = replace(_LIMITS, **dict(primitive.limits))
    verdict = await judge.judge(Submission(primitive.attack, (case,), limits))
    test = verdict.tests[0]
    detail = f"{test.outcome}: {test.message}" if test.message else str(test.outcome)
    return Finding(primitive, test.outcome in primitive.outcomes, detail)


def _tier(findings: list[Finding]) -> Tier:
    reached = Tier.T0
    for tier in (Tier.T1, Tier.T2, Tier.T3):
        if any(not f.holds for f in findings if f.primitive.needed_for is tier):
            break
        reached = tier
    return reached


@contextmanager
def _bait() -> Iterator[dict[str, object]]:
    """A file, a listening port, a process and namespaces that an attack would reach without walls."""
    directory = tempfile.TemporaryDirectory(prefix="ctrl-sandbox-")
    with directory as name, socket.create_server(("127.0.0.1", 0)) as server:
        Path(name).chmod(0o755)
        file = Path(name, "bait")
        file.write_text("bait")
        file.chmod(0o666)
        yield {
            "file": str(file),
            "port": server.getsockname()[1],
            "pid": os.getpid(),
            "namespaces": {kind: os.readlink(f"/proc/self/ns/{kind}") for kind in ("net", "ipc", "uts")},  # noqa: PTH115
        }
