"""Derive the tier from attacks that are really made, not from flags.

Not covered: an attack that is not in `primitives`. The tier says which walls stood up to a push, no more.
"""

import ctypes
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox_runner.boxes.launcher import Walls
from sandbox_runner.domain.cases import CallCase, Submission
from sandbox_runner.domain.comparison import Equality
from sandbox_runner.domain.verdict import Limits, TestResult, Tier
from sandbox_runner.judging import Judge
from sandbox_runner.tiers.primitives import GVISOR, OWN_KERNEL, PRIMITIVES, Primitive

_READ_ALL, _LOG_BYTES = 3, 1 << 16
_LIMITS = Limits(cpu_s=2.0, wall_s=10.0, memory_bytes=128 << 20, output_bytes=1 << 20, processes=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """One primitive and how it stood up."""

    primitive: Primitive
    holds: bool
    detail: str

    def told(self) -> str:
        """What is missing, and how to come by it."""
        return f"  {self.primitive.name}: {self.detail}\n    remedy: {self.primitive.remedy}"


@dataclass(frozen=True, slots=True)
class Readiness:
    tier: Tier
    walls: str
    isolated: bool
    """Boxes have namespaces. The tier does not tell: T4 may be the walls of T1 in a kernel of its own."""
    findings: tuple[Finding, ...]

    def missing_for(self, tier: Tier) -> list[Finding]:
        return [f for f in self.findings if not f.holds and f.primitive.needed_for <= tier]

    def told(self) -> str:
        """For people: the tier, what held, and what would make it higher."""
        held = [f"  {f.primitive.name} ({f.primitive.needed_for})" for f in self.findings if f.holds]
        missing = [finding.told() for finding in self.findings if not finding.holds]
        higher = ["For a higher tier:", *missing] if missing else []
        return "\n".join([f"Tier {self.tier}, by {self.walls}. What held:", *held, *higher])


class TierTooLowError(Exception):
    """This machine gives less isolation than the operator demands."""

    def __init__(self, readiness: Readiness, wanted: Tier) -> None:
        lines = [f"The sandbox reached tier {readiness.tier}, and SANDBOX_MIN_TIER is {wanted}. Missing:"]
        lines += [finding.told() for finding in readiness.missing_for(wanted)]
        super().__init__("\n".join(lines))


async def examine(judge: Judge, walls: Walls) -> Readiness:
    """Attack every primitive in turn; one at a time, because several are about limits."""
    with _bait() as bait:
        findings = [await _attack(judge, primitive, bait, walls) for primitive in PRIMITIVES]
    findings.append(_kernel_of_its_own())
    return Readiness(_tier(findings), walls.name, walls.isolated, tuple(findings))


def _kernel_of_its_own() -> Finding:
    """Whether a bug of the host's kernel is out of reach. Only gVisor can be told from within."""
    try:
        held = GVISOR in Path("/proc/version").read_text() or _says_gvisor()
    except OSError:
        held = False
    detail = "gVisor" if held else "the kernel is not gVisor's; virtual machines are not recognised"
    return Finding(OWN_KERNEL, held, detail)


def _says_gvisor() -> bool:
    """gVisor says so at the start of the kernel log that it shows to everyone."""
    log = ctypes.create_string_buffer(_LOG_BYTES)
    read = ctypes.CDLL(None).klogctl(_READ_ALL, log, _LOG_BYTES)
    return read > 0 and GVISOR.encode() in log.raw[:read]


async def _attack(judge: Judge, primitive: Primitive, bait: dict[str, object], walls: Walls) -> Finding:
    if primitive.needed_for > Tier.T1 and not walls.isolated:
        tried = "; ".join(each for each in walls.failures if "namespace" in each)
        return Finding(primitive, holds=False, detail=f"there are no namespaces ({tried or 'switched off'})")
    case = CallCase("attack", (bait,), {}, "held", Equality.JSON)
    limits = replace(_LIMITS, **dict(primitive.limits))
    tests: list[TestResult] = []
    for cases in ((case,), (case, case)):  # a box of one test is made in another way
        verdict = await judge.judge(Submission(primitive.attack, cases, limits, stop_on_first_fail=True))
        tests += verdict.tests
    test = next((test for test in tests if test.outcome not in primitive.outcomes), tests[0])
    detail = f"{test.outcome}: {test.message}" if test.message else str(test.outcome)
    return Finding(primitive, test.outcome in primitive.outcomes, detail)


def _tier(findings: list[Finding]) -> Tier:
    held = {tier: all(f.holds for f in findings if f.primitive.needed_for is tier) for tier in Tier}
    if held[Tier.T1] and held[Tier.T4]:
        return Tier.T4
    reached = Tier.T0
    for tier in (Tier.T1, Tier.T2, Tier.T3):
        if not held[tier]:
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
            "processes": os.readlink("/proc/self/ns/pid"),  # noqa: PTH115
            "namespaces": {kind: os.readlink(f"/proc/self/ns/{kind}") for kind in ("net", "ipc", "uts")},  # noqa: PTH115
        }
