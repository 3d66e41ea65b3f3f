"""One draft and its revisions, in the making."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from service.domain.chat import Sampling, TokenUsage
from service.domain.critique import Critique, Judgment
from service.domain.errors import ContextError
from service.domain.events import (
    CritiqueCompleted,
    CritiqueDelta,
    Event,
    RoundFinished,
    RoundStarted,
    SolutionCompleted,
    SolutionDelta,
    VerdictCompleted,
)
from service.domain.examination import examined
from service.domain.hints import hint
from service.domain.merging import Emit
from service.domain.ports import OnText
from service.domain.purse import Purse, SpentError
from service.domain.reading import read
from service.domain.record import Record
from service.domain.refinement import Feedback, StopReason, StopRule, Usage
from service.domain.rules import RefineSampling, Roles, Rules
from service.domain.similarity import edit_similarity
from service.domain.task import Candidate, Task
from service.domain.verdict import Verdict

_Write = Callable[[Sampling, OnText | None], Awaitable[tuple[Candidate, TokenUsage]]]
"""A proposal or a revision, but for how it is sampled and who hears of it."""


@dataclass(slots=True)
class Chain:
    """One chain: its record grows, its purse empties."""

    record: Record
    task: Task
    rules: Rules
    roles: Roles
    sampling: RefineSampling
    purse: Purse
    emit: Emit[Event] = field(init=False)

    async def run(self, draft: Candidate | None, emit: Emit[Event]) -> None:
        """Refine until a rule or a budget says stop; whatever was finished by then is on record."""
        self.emit = emit
        try:
            self.record.stop_reason = await self._refine(draft)
        except SpentError as spent:
            self.record.stop_reason = spent.stop_reason
        except ContextError:
            # The conversation outgrew a model. What was reviewed by then stands.
            if not any(round_.critique for round_ in self.record.rounds):
                raise
            self.record.stop_reason = StopReason.BUDGET_EXHAUSTED

    async def _refine(self, draft: Candidate | None) -> StopReason:
        if not self.record.rounds:
            await self._round(self._propose if draft is None else partial(self._start_from, draft))
        while (reason := self._reason_to_stop()) is None:
            await self._round(self._revise)
        return reason

    async def _round(self, begin: Callable[[], Awaitable[None]]) -> None:
        with self.roles.watch(self.record.chain, len(self.record.rounds)) as told:
            await begin()
            await self._review()
            told(self.record.last)

    async def _review(self) -> None:
        verdict = await self._judge()
        if not self._tests_suffice:
            await self._critique(verdict)
        await self.emit(RoundFinished(self.record.last))

    def _reason_to_stop(self) -> StopReason | None:
        """Decide by the last round alone, so that a chain that was interrupted ends as it would have."""
        last = self.record.last
        if self._tests_suffice:
            return StopReason.TESTS_PASSED
        if (
            self.rules.stop is StopRule.JUDGED_CORRECT
            and last.critique is not None
            and last.critique.judgment is Judgment.CORRECT
        ):
            return StopReason.JUDGED_CORRECT
        return StopReason.ROUNDS_EXHAUSTED if last.index >= self.rules.budget.max_rounds else None

    @property
    def _tests_suffice(self) -> bool:
        verdict = self.record.last.verdict
        return self.rules.stop is StopRule.TESTS_PASSED and verdict is not None and verdict.accepted

    async def _start_from(self, draft: Candidate) -> None:
        await self._begin(0)
        await self._add(draft)

    async def _propose(self) -> None:
        propose = partial(self.roles.generator.propose, self.task)
        candidate = await self._write(0, self.sampling.propose, propose)
        await self._add(candidate)

    async def _revise(self) -> None:
        last = self.record.last
        assert last.critique is not None, "a round that stops nothing has been criticized"
        revise = partial(self.roles.generator.revise, self.task, last.candidate, last.critique)
        candidate = await self._write(last.index + 1, self.sampling.revise, revise)
        if self.purse.is_empty:
            # The last token may have cut it short; the round before it is whole.
            raise SpentError(StopReason.BUDGET_EXHAUSTED)
        await self._add(candidate)

    async def _write(self, index: int, sampling: Sampling, write: _Write) -> Candidate:
        allowed = await self._allowed(sampling, index)
        await self._begin(index)
        self.record.spend(Usage(generator_calls=1))
        tell = self._teller(partial(SolutionDelta, self.record.chain, index))
        candidate, usage = await self.purse.within_time(write(allowed, tell))
        self._pay(usage)
        return candidate

    async def _begin(self, index: int) -> None:
        self.record.begin()
        await self.emit(RoundStarted(self.record.chain, index))

    async def _add(self, candidate: Candidate) -> None:
        new = self.record.add(candidate, await self._similarity(candidate))
        await self.emit(SolutionCompleted(new.chain, new.index, new.candidate, new.edit_similarity))

    async def _similarity(self, candidate: Candidate) -> float | None:
        if not self.record.rounds:
            return None
        before, after = self.record.last.candidate.code, candidate.code
        return await read(max(len(before), len(after)), lambda: edit_similarity(before, after))

    async def _judge(self) -> Verdict | None:
        """Run the tests, if there are any; the same code is not run twice."""
        if self.roles.sandbox is None or not self.task.tests:
            return None
        last, twin = self.record.last, self.record.twin
        verdict = twin.verdict if twin else None
        if verdict is None:
            self.record.spend(Usage(sandbox_runs=1))
            running = examined(self.roles.sandbox, self.task, last.candidate, self.purse.deadline)
            verdict = await self.purse.within_time(running)
        self.record.judged(verdict)
        await self.emit(VerdictCompleted(last.chain, last.index, verdict))
        return verdict

    async def _critique(self, verdict: Verdict | None) -> Critique:
        last, twin = self.record.last, self.record.twin
        critique = twin.critique if twin and self.sampling.critique.temperature == 0 else None
        if critique is None:
            critique = await self._ask_critic(verdict)
        self.record.criticized(critique)
        await self.emit(CritiqueCompleted(last.chain, last.index, critique))
        return critique

    async def _ask_critic(self, verdict: Verdict | None) -> Critique:
        last = self.record.last
        told = hint(self.task, verdict) if verdict and self.rules.feedback is Feedback.TESTS else None
        allowed = await self._allowed(self.sampling.critique, last.index)
        self.record.spend(Usage(critic_calls=1))
        tell = self._teller(partial(CritiqueDelta, last.chain, last.index))
        asking = self.roles.critic.critique(self.task, last.candidate, told, allowed, tell)
        critique, usage = await self.purse.within_time(asking)
        self._pay(usage)
        return critique

    def _teller(self, delta: Callable[[str], Event]) -> OnText | None:
        async def tell(text: str) -> None:
            await self.emit(delta(text))

        return OnText(tell, along=self.roles.is_read()) if self.rules.deltas else None

    async def _allowed(self, sampling: Sampling, index: int) -> Sampling:
        """Give each round of each chain a seed of its own, and no more than may be spent."""
        allowance = self.roles.allowance
        if allowance is not None and not await self.purse.within_time(allowance()):
            raise SpentError(StopReason.BUDGET_EXHAUSTED)
        rounds = self.rules.budget.max_rounds + 1
        return self.purse.allow(sampling.apart(self.record.chain * rounds + index))

    def _pay(self, usage: TokenUsage) -> None:
        self.purse.pay(usage.completion_tokens)
        self.record.spend(Usage(usage))
