"""Judge submissions: a fresh box each, a fresh process per test, and every comparison out here."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from itertools import zip_longest
from typing import Protocol

from sandbox_runner import custom_checker
from sandbox_runner.aside import aside
from sandbox_runner.boxes.launchers import Launchers
from sandbox_runner.classify import as_shown
from sandbox_runner.domain.cases import Case, Program, StdinCase, Submission
from sandbox_runner.domain.checkers import CHECKERS, DEFAULT_CHECKER, CustomChecker
from sandbox_runner.domain.verdict import Outcome, TestResult, Verdict
from sandbox_runner.metrics import Metrics
from sandbox_runner.session import Session


class Judge(Protocol):
    def results(self, submission: Submission) -> AsyncGenerator[TestResult, None]:
        """Judge test after test, in order; close the generator to stop."""
        ...

    async def run(self, program: Program) -> TestResult: ...

    async def judge(self, submission: Submission) -> Verdict:
        async with aclosing(self.results(submission)) as results:
            return Verdict.of([result async for result in results], len(submission.cases))


class BoxJudge(Judge):
    """The real judge."""

    def __init__(self, launchers: Launchers, metrics: Metrics) -> None:
        self._launchers = launchers
        self._metrics = metrics

    async def results(self, submission: Submission) -> AsyncGenerator[TestResult, None]:
        program = Program(
            submission.code,
            "",
            submission.limits,
            language=submission.language,
            packages=submission.packages,
        )
        once = len(submission.cases) == 1
        async with Session(self._launchers, self._metrics, program, once=once) as session:
            for case, following in zip_longest(submission.cases, submission.cases[1:]):
                upcoming = None if submission.stop_on_first_fail else following
                result = await self._judge(session, case, submission, upcoming)
                yield result
                if submission.stop_on_first_fail and result.outcome is not Outcome.ACCEPTED:
                    break

    async def run(self, program: Program) -> TestResult:
        async with Session(self._launchers, self._metrics, program, once=True) as session:
            return await session.run()

    async def _judge(
        self, session: Session, case: Case, submission: Submission, upcoming: Case | None
    ) -> TestResult:
        checker = submission.checker
        if not isinstance(checker, CustomChecker):
            return await session.judge(case, checker, upcoming)
        if not isinstance(case, StdinCase):
            return await session.judge(case, CHECKERS[DEFAULT_CHECKER])
        return as_shown(await session.print_for(case, lambda run: self._checked(checker, case, run)))

    async def _checked(self, checker: CustomChecker, case: StdinCase, run: TestResult) -> TestResult:
        """What the caller's checker says, whose own run is no test."""
        program = await aside(len(run.stdout), lambda: custom_checker.program(checker, case, run.stdout))
        async with Session(self._launchers, self._metrics, program, once=True, counts=False) as session:
            checked = await session.run()
        return await aside(len(run.stdout), lambda: custom_checker.judged(run, checked, case))
