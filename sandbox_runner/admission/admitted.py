"""A judge that waits for a slot before it judges."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from sandbox_runner.admission.queue import Admission, Ticket
from sandbox_runner.domain.cases import Program, Submission
from sandbox_runner.domain.verdict import TestResult
from sandbox_runner.judging import Judge


class AdmittedJudge(Judge):
    def __init__(self, judge: Judge, admission: Admission, ticket: Ticket) -> None:
        self._judge = judge
        self._admission = admission
        self._ticket = ticket
        self.has_begun = False
        """It had its slot: its deadline is met."""

    @property
    def left_s(self) -> float | None:
        return self._ticket.left_s

    async def results(self, submission: Submission) -> AsyncGenerator[TestResult, None]:
        async with self._admission.slot(self._ticket):
            self.has_begun = True
            async with aclosing(self._judge.results(submission)) as results:
                async for result in results:
                    yield result

    async def run(self, program: Program) -> TestResult:
        async with self._admission.slot(self._ticket):
            return await self._judge.run(program)
