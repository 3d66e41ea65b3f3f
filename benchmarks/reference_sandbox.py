"""The reference of `benchmarks.sandbox`: our app, with a judge that starts an interpreter for every test."""

import asyncio
import sys
from collections.abc import AsyncGenerator

import typer

from sandbox_runner import logs
from sandbox_runner.app import create_app
from sandbox_runner.domain.cases import Program, StdinCase, Submission
from sandbox_runner.domain.checkers import CHECKERS, DEFAULT_CHECKER
from sandbox_runner.domain.verdict import Outcome, TestResult, Tier
from sandbox_runner.judging import Judge
from sandbox_runner.metrics import Metrics
from sandbox_runner.sandbox import Sandbox
from sandbox_runner.serving import serve
from sandbox_runner.settings import Settings
from sandbox_runner.tiers.selftest import Readiness

_PYTHON: str = sys._base_executable  # type: ignore[attr-defined]  # noqa: SLF001


class FreshInterpreters(Judge):
    """No isolation, no limits but the wall clock: what is left is the price of starting Python."""

    async def results(self, submission: Submission) -> AsyncGenerator[TestResult, None]:
        for case in submission.cases:
            if not isinstance(case, StdinCase):
                raise NotImplementedError("scripts only")
            yield await self._judge(submission, case)

    async def run(self, program: Program) -> TestResult:
        raise NotImplementedError("submissions only")

    async def _judge(self, submission: Submission, case: StdinCase) -> TestResult:
        process = await asyncio.create_subprocess_exec(
            *(_PYTHON, "-I", "-S", "-c", submission.code),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(submission.limits.wall_s):
            stdout, _ = await process.communicate(case.stdin.encode())
        if process.returncode != 0:
            return TestResult(Outcome.RUNTIME_ERROR)
        return TestResult(CHECKERS[DEFAULT_CHECKER](case.stdout.encode(), stdout), stdout.decode())


def main(port: int = 8081) -> None:
    """Serve the reference on loopback."""
    logs.configure()
    sandbox = Sandbox(FreshInterpreters(), Readiness(Tier.T1, "none", False, ()), Metrics())
    settings = Settings()
    asyncio.run(serve(create_app(settings, sandbox), "127.0.0.1", port, settings.drain_s))


if __name__ == "__main__":
    typer.run(main)
