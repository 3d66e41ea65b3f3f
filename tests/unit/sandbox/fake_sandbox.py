"""A judge that answers from a script and can be slow on purpose."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from itertools import chain, islice, repeat

from sandbox_runner.domain.cases import Program, Submission
from sandbox_runner.domain.verdict import Outcome, TestResult, Tier
from sandbox_runner.judging import Judge
from sandbox_runner.metrics import Metrics
from sandbox_runner.sandbox import Sandbox
from sandbox_runner.tiers.primitives import PRIMITIVES
from sandbox_runner.tiers.selftest import Finding, Readiness


@dataclass
class FakeJudge(Judge):
    result: TestResult = field(default_factory=lambda: TestResult(Outcome.ACCEPTED))
    following: tuple[TestResult, ...] = ()
    """Of the tests after the first, where they end otherwise."""
    gate: asyncio.Event | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    fault: Exception | None = None
    submissions: list[Submission] = field(default_factory=list)
    programs: list[Program] = field(default_factory=list)
    cancelled: int = 0

    async def results(self, submission: Submission) -> AsyncGenerator[TestResult, None]:
        self.submissions.append(submission)
        await self._wait()
        each = chain([self.result], self.following, repeat(self.result))
        for result in islice(each, len(submission.cases)):
            yield result

    async def run(self, program: Program) -> TestResult:
        self.programs.append(program)
        await self._wait()
        return self.result

    async def _wait(self) -> None:
        self.arrived.set()
        if self.fault is not None:
            raise self.fault
        if self.gate is not None:
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise


def fake_sandbox(judge: FakeJudge, tier: Tier = Tier.T3, *, isolated: bool | None = None) -> Sandbox:
    findings = tuple(Finding(each, each.needed_for <= tier, "observed") for each in PRIMITIVES)
    metrics = Metrics()
    metrics.tier = tier
    return Sandbox(
        judge,
        Readiness(tier, "fake walls", tier >= Tier.T2 if isolated is None else isolated, findings),
        metrics,
    )
