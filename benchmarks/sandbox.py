"""How fast submissions are judged: `python -m benchmarks.sandbox`.

Each submission is one small program with ten tests, in a fresh box with a fresh process per test.
The peer runs the same tests in a fresh `python -I -S` each, with no isolation at all.
Rounds alternate, so that both meet the same load; figures are medians over rounds.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import structlog
import typer

from sandbox_runner.cases import CallCase, StdinCase, Submission
from sandbox_runner.comparison import Equality
from sandbox_runner.sandbox import Sandbox, open_sandbox
from sandbox_runner.settings import Settings
from sandbox_runner.verdict import Outcome

_TESTS = 10
_SCRIPT = """
import sys
from collections import Counter
print(sum(Counter(map(int, sys.stdin.read().split())).values()))
"""
_FUNCTION = "def f(values):\n    return sorted(values)[::-1]\n"


@dataclass(frozen=True, slots=True)
class Round:
    wall_ms: float
    cpu_ms: float


def _submissions(settings: Settings) -> dict[str, Submission]:
    values = list(range(20))
    line = " ".join(map(str, values))
    script = tuple(StdinCase(line, "20") for _ in range(_TESTS))
    call = tuple(CallCase("f", (values,), {}, values[::-1], Equality.JSON) for _ in range(_TESTS))
    return {
        "stdin": Submission(_SCRIPT, script, settings.default_limits),
        "call": Submission(_FUNCTION, call, settings.default_limits),
    }


async def _judge(sandbox: Sandbox, submission: Submission, count: int, concurrency: int) -> None:
    waiting = iter(range(count))

    async def work() -> None:
        for _ in waiting:
            verdict = await sandbox.judge.judge(submission)
            if verdict.outcome is not Outcome.ACCEPTED:
                raise RuntimeError(f"an honest program was judged {verdict.outcome}")

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())


async def _peer(count: int, concurrency: int) -> None:
    line = " ".join(map(str, range(20))).encode()
    waiting = iter(range(count * _TESTS))

    def run_one() -> None:
        command = [sys._base_executable, "-I", "-S", "-c", _SCRIPT]  # type: ignore[attr-defined]  # noqa: SLF001
        finished = subprocess.run(command, input=line, capture_output=True, timeout=10, check=True)
        if finished.stdout.split() != [b"20"]:
            raise RuntimeError("the peer answered wrong")

    async def work() -> None:
        for _ in waiting:
            await asyncio.to_thread(run_one)

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())


async def _measure(work: Callable[[], Awaitable[None]], count: int, launcher: int) -> Round:
    cpu, wall = _cpu_s(launcher), time.perf_counter()
    await work()
    return Round((time.perf_counter() - wall) / count * 1000, (_cpu_s(launcher) - cpu) / count * 1000)


def _cpu_s(launcher: int) -> float:
    """CPU seconds of this process, of children it has waited for, and of the launcher with its boxes."""
    own = os.times()
    fields = Path(f"/proc/{launcher}/stat").read_text().rsplit(")", 1)[1].split()
    ticks = sum(int(field) for field in fields[11:15])
    return own.user + own.system + own.children_user + own.children_system + ticks / os.sysconf("SC_CLK_TCK")


async def _compare(count: int, rounds: int) -> None:
    settings = Settings.from_environment()
    async with open_sandbox(settings) as sandbox:
        if sandbox.launchers is None:
            raise RuntimeError("no launcher to measure")
        launcher = (await sandbox.launchers.get()).pid
        submissions = _submissions(settings)
        measured: dict[str, list[Round]] = {name: [] for name in (*submissions, "peer")}
        for _ in range(rounds):
            for name, submission in submissions.items():
                judging = partial(_judge, sandbox, submission, count, settings.concurrency)
                measured[name].append(await _measure(judging, count, launcher))
            peering = partial(_peer, count, settings.concurrency)
            measured["peer"].append(await _measure(peering, count, launcher))
        _show(measured, settings, sandbox.readiness.tier)


def _show(measured: dict[str, list[Round]], settings: Settings, tier: str) -> None:
    print(f"tier {tier}, {settings.concurrency} at once, {_TESTS} tests a submission, medians over rounds")
    print(f"{'':8} {'submissions/s':>14} {'CPU ms each':>12} {'CPU: peer / this':>18}")
    peer = [each.cpu_ms for each in measured["peer"]]
    for name, rounds in measured.items():
        rate = statistics.median(1000 / each.wall_ms for each in rounds)
        cpu = statistics.median(each.cpu_ms for each in rounds)
        ratio = statistics.median(p / each.cpu_ms for p, each in zip(peer, rounds, strict=True))
        print(f"{name:8} {rate:14.1f} {cpu:12.1f} {ratio:18.1f}")


def main(
    count: Annotated[int, typer.Option(help="Submissions a round.")] = 20,
    rounds: Annotated[int, typer.Option(help="Rounds.")] = 5,
) -> None:
    """Measure the sandbox against fresh interpreters."""
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    asyncio.run(_compare(count, rounds))


if __name__ == "__main__":
    typer.run(main)
