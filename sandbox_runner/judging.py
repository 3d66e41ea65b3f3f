"""Judge submissions: a fresh box each, a fresh process per test, and every comparison out here."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from types import TracebackType
from typing import Protocol, Self

import structlog

from sandbox_runner.box import Box, BoxError, Trace
from sandbox_runner.cases import Case, Program, StdinCase, Submission
from sandbox_runner.classify import result_of_case, result_of_compilation, result_of_run
from sandbox_runner.launchers import Launchers
from sandbox_runner.metrics import Metrics
from sandbox_runner.verdict import Limits, Outcome, TestResult, Verdict

log = structlog.get_logger()

_TRIES = 2


class Judge(Protocol):
    def results(self, submission: Submission) -> AsyncGenerator[TestResult, None]:
        """Judge test after test, in order; close the generator to stop."""
        ...

    async def judge(self, submission: Submission) -> Verdict: ...

    async def run(self, program: Program) -> TestResult: ...


class BoxJudge:
    """The real judge."""

    def __init__(self, launchers: Launchers, metrics: Metrics) -> None:
        self._launchers = launchers
        self._metrics = metrics

    async def results(self, submission: Submission) -> AsyncGenerator[TestResult, None]:
        async with self._session(submission.code, submission.limits) as session:
            for case in submission.cases:
                result = await session.judge(case, submission.checker)
                yield result
                if submission.stop_on_first_fail and result.outcome is not Outcome.ACCEPTED:
                    break

    async def judge(self, submission: Submission) -> Verdict:
        async with aclosing(self.results(submission)) as results:
            return Verdict.of([result async for result in results], len(submission.cases))

    async def run(self, program: Program) -> TestResult:
        async with self._session(program.code, program.limits) as session:
            return await session.run(program.stdin)

    def _session(self, code: str, limits: Limits) -> "_Session":
        return _Session(self._launchers, self._metrics, code, limits)


class _Session:
    """One program and the box it lives in; a box that broke or was left dirty is replaced."""

    def __init__(self, launchers: Launchers, metrics: Metrics, code: str, limits: Limits) -> None:
        self._launchers = launchers
        self._metrics = metrics
        self._code = code
        self._limits = limits
        self._box: Box | None = None
        self._failed_compilation: TestResult | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._discard()

    async def judge(self, case: Case, checker: str) -> TestResult:
        return await self._test(
            lambda box: _trace(box, case), lambda trace: result_of_case(trace, case, checker, self._limits)
        )

    async def run(self, stdin: str) -> TestResult:
        return await self._test(
            lambda box: box.run_script(stdin), lambda trace: result_of_run(trace, self._limits)
        )

    async def _test(
        self, start: Callable[[Box], Awaitable[Trace]], classify: Callable[[Trace], TestResult]
    ) -> TestResult:
        """Run one test; if a box of ours breaks under it, once more in another."""
        for _ in range(_TRIES):
            if self._failed_compilation is not None:
                return self._failed_compilation
            try:
                trace = await start(await self._standing_box())
            except BoxError as error:
                self._metrics.infra_error("box")
                log.warning("box_broke", reason=str(error))
                await self._discard()
                continue
            if trace.ending.dirty:
                await self._discard()
            self._failed_compilation = result_of_compilation(trace, self._limits)
            result = self._failed_compilation or classify(trace)
            self._metrics.test_finished(result.outcome, trace.ending.cpu_s, trace.ending.fork_s)
            return result
        return self._internal_error()

    async def _standing_box(self) -> Box:
        if self._box is None:
            with self._metrics.box_setup():
                self._box = Box.open(await self._launchers.get(), self._code, self._limits)
        return self._box

    async def _discard(self) -> None:
        if self._box is not None:
            spent, self._box = self._box, None
            await spent.close()

    def _internal_error(self) -> TestResult:
        self._metrics.test_finished(Outcome.INTERNAL_ERROR, 0, 0)
        return TestResult(Outcome.INTERNAL_ERROR, message="the sandbox broke; judge this program again")


def _trace(box: Box, case: Case) -> Awaitable[Trace]:
    if isinstance(case, StdinCase):
        return box.run_script(case.stdin)
    return box.run_call(case.entry_point, case.args, case.kwargs)
