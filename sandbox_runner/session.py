"""One program and the boxes it lives in. A box that broke or cannot be cleaned is replaced."""

import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import structlog

from sandbox_runner.aside import aside
from sandbox_runner.boxes.box import Box, BoxError, Question, Trace, call, script
from sandbox_runner.boxes.launchers import Launchers
from sandbox_runner.boxes.places import Place, place_of, place_of_servant, place_of_tests
from sandbox_runner.boxes.remote import made_clock, run_both
from sandbox_runner.classify import (
    result_of_case,
    result_of_compilation,
    result_of_remote,
    result_of_run,
    was_interrupted,
)
from sandbox_runner.domain.cases import CallCase, Case, CodeCase, Program, PytestCase, RemoteCase, StdinCase
from sandbox_runner.domain.checkers import Checker
from sandbox_runner.domain.verdict import Outcome, TestResult
from sandbox_runner.jail.native import COMPILING
from sandbox_runner.metrics import Metrics

log = structlog.get_logger()

_TRIES = 2


class Session:
    def __init__(
        self,
        launchers: Launchers,
        metrics: Metrics,
        program: Program,
        *,
        once: bool = False,
        counts: bool = True,
    ) -> None:
        """`once`: there is one test, or one run; `counts`: its runs are tests, which are counted."""
        self._launchers = launchers
        self._metrics = metrics
        self._program = program
        # A box that becomes its test is not there to put files in, to take some out, or to wait for children.
        self._once = once and program.limits.processes == 1 and not (program.files or program.fetch)
        self._counts = counts
        self._limits = program.limits
        self._boxes: dict[Place, Box] = {}
        self._failed_compilation: TestResult | None = None
        self._prepared: tuple[Case | None, Question | None] = (None, None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for place in list(self._boxes):
            await self._discard(place)

    async def judge(self, case: Case, checker: Checker, upcoming: Case | None = None) -> TestResult:
        """Judge one test; `upcoming` is the one that will be judged next, if that is certain."""
        if isinstance(case, CodeCase | PytestCase):
            return await self._judge_remote(case)
        local, question = case, self._question(case)
        if question is None:
            raise TypeError(f"no question for {type(case).__name__}")
        following = self._question(upcoming)
        self._prepared = (upcoming, following)
        return await self._test(
            lambda box: box.run(question, following),
            lambda trace: result_of_case(trace, local, checker, self._limits),
        )

    def _question(self, case: Case | None) -> Question | None:
        """What a box is asked for a case of one jail; encoded once, though it is asked for twice."""
        prepared, question = self._prepared
        if case is not None and case is prepared:
            return question
        match case:
            case StdinCase():
                return script(case.stdin)
            case CallCase():
                return call(case.entry_point, case.args, case.kwargs, case.views, truth=case.asks_truth)
        return None

    async def print_for(
        self, case: StdinCase, compare: Callable[[TestResult], Awaitable[TestResult]]
    ) -> TestResult:
        """Run on the input of a case; of what ends well, someone else compares the output."""
        return await self._test(
            lambda box: box.run_script(case.stdin), lambda trace: result_of_run(trace, self._limits), compare
        )

    async def run(self) -> TestResult:
        program = self._program
        return await self._test(
            lambda box: box.run_script(program.stdin, program.fetch),
            lambda trace: result_of_run(trace, self._limits),
        )

    async def _test(
        self,
        start: Callable[[Box], Awaitable[Trace]],
        classify: Callable[[Trace], TestResult],
        compare: Callable[[TestResult], Awaitable[TestResult]] | None = None,
    ) -> TestResult:
        place = place_of(self._program, once=self._once)

        async def attempt() -> TestResult:
            async with self._box(place) as box:
                if self._failed_compilation is not None:
                    return self._failed_compilation
                trace = await start(box)
            self._failed_compilation = self._compilation(trace)
            if self._failed_compilation is not None:
                return self._failed_compilation
            read = len(trace.output.stdout) + len(trace.output.report)
            result = await aside(read, lambda: classify(trace))
            if compare is None or result.outcome is not Outcome.ACCEPTED:
                return result
            return await compare(result)

        return await self._insisting(attempt)

    async def _judge_remote(self, case: RemoteCase) -> TestResult:
        program = place_of_servant(self._program, once=self._once)
        tests = place_of_tests(self._program, once=self._once)

        async def attempt() -> TestResult:
            with made_clock() as clock:
                async with self._box(program, clock) as servant, self._box(tests) as asker:
                    traces = await run_both(servant, asker, case, clock)
                failed = self._compilation(traces[0])
                result = failed or result_of_remote(*traces, self._limits, tests.limits)
                if result.outcome is Outcome.INVALID_TEST and traces[1].ending.status == -signal.SIGKILL:
                    raise BoxError("the tests were killed")
                return result

        return await self._insisting(attempt)

    def _compilation(self, trace: Trace) -> TestResult | None:
        """What came of compiling in the interpreter, as `result_of_compilation` tells it."""
        if was_interrupted(trace, self._limits):
            raise BoxError("the program's compiling was ended from outside")
        return result_of_compilation(trace, self._limits)

    async def _insisting(self, attempt: Callable[[], Awaitable[TestResult]]) -> TestResult:
        """Run one test; if a box of ours breaks under it, once more in another."""
        result = TestResult(Outcome.INTERNAL_ERROR, message="the sandbox broke; judge this program again")
        for _ in range(_TRIES):
            if self._failed_compilation is not None:
                return self._failed_compilation
            try:
                result = await attempt()
            except BoxError as error:
                self._metrics.infra_error("box")
                log.warning("box_broke", reason=str(error))
            else:
                break
        if self._counts:
            self._metrics.test_finished(result, self._program.language)
        return result

    @asynccontextmanager
    async def _box(self, place: Place, clock: int | None = None) -> AsyncIterator[Box]:
        """The box of that place, clean, with the program compiled in it; one that breaks is thrown away."""
        try:
            box = self._boxes.get(place)
            if box is not None and not await box.clean():
                await self._discard(place)
                box = None
            if box is None:
                box = self._boxes[place] = await self._open(place, clock)
            yield box
        except BaseException:
            await self._discard(place)
            raise

    async def _open(self, place: Place, clock: int | None) -> Box:
        with self._metrics.box_setup():
            launcher = await self._launchers.get(place.runtime)
            box = await Box.open(launcher, place.setup, place.source, clock)
        try:
            if self._program.files and not place.is_of_tests:
                await box.put(self._program.files)
            if place.must_compile:
                self._failed_compilation = result_of_compilation(await box.compile(), COMPILING)
        except BaseException:
            await box.close()
            raise
        return box

    async def _discard(self, place: Place) -> None:
        spent = self._boxes.pop(place, None)
        if spent is not None:
            await spent.close()
