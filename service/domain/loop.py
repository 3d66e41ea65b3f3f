"""The method: draft, judge, critique, revise, until a rule or a budget says stop.

A chain is one draft and its revisions. Round 0 is the draft; `max_rounds` revisions may follow, and the
last one is reviewed too, so that the judgment returned speaks of the candidate returned. Chains are
independent samples: each runs to its own end, whatever the others find, so that a seed determines the result.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, aclosing, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial

from service.domain.chat import Sampling, TokenUsage
from service.domain.critique import Critique, Judgment
from service.domain.errors import ContextError, DeadlineError, RequestError
from service.domain.events import (
    CritiqueCompleted,
    CritiqueDelta,
    Event,
    RefinementCompleted,
    RoundFinished,
    RoundStarted,
    SolutionCompleted,
    SolutionDelta,
    VerdictCompleted,
)
from service.domain.hints import hint
from service.domain.merging import Emit, merged
from service.domain.ports import Critic, Generator, OnText, Sandbox
from service.domain.purse import Purse, SpentError
from service.domain.record import Record
from service.domain.refinement import (
    Budget,
    Feedback,
    Refinement,
    Round,
    Selection,
    StopReason,
    StopRule,
    Usage,
)
from service.domain.selection import select
from service.domain.task import Candidate, Task
from service.domain.verdict import Verdict

_Write = Callable[[Sampling, OnText | None], Awaitable[tuple[Candidate, TokenUsage]]]
"""A proposal or a revision, but for how it is sampled and who hears of it."""

Watch = Callable[[int, int], AbstractContextManager[Callable[[Round], None]]]
"""Entered, in a chain's own task, around the work at a round; then called with what the round became."""


def _unwatched(chain: int, index: int) -> AbstractContextManager[Callable[[Round], None]]:
    return nullcontext(lambda _: None)


_SAMPLED = Sampling(temperature=0.7, top_p=0.8, max_tokens=1024)
_GREEDY = Sampling(temperature=0.0, max_tokens=1024)


@dataclass(frozen=True, slots=True)
class Rules:
    """How a refinement proceeds, ends, and picks its candidate."""

    budget: Budget = field(default_factory=Budget)
    candidates: int = 1
    stop: StopRule = StopRule.JUDGED_CORRECT
    feedback: Feedback = Feedback.BLIND
    select: Selection = Selection.LAST
    deltas: bool = True
    """Whether completions are told of as they are written; without, they are asked for whole."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Who writes, who reviews, who runs, who looks on."""

    generator: Generator
    critic: Critic
    sandbox: Sandbox | None = None
    watch: Watch = _unwatched


@dataclass(frozen=True, slots=True)
class RefineSampling:
    """How each kind of completion is decoded; the defaults are the paper's (C.4)."""

    propose: Sampling = _SAMPLED
    critique: Sampling = _SAMPLED
    revise: Sampling = _GREEDY


@dataclass(frozen=True, slots=True)
class Start:
    """What there is already: a draft, and the rounds that were finished before an interruption."""

    draft: Candidate | None = None
    rounds: tuple[Round, ...] = ()


_FROM_NOTHING = Start()


def refine(
    task: Task, rules: Rules, roles: Roles, sampling: RefineSampling, start: Start = _FROM_NOTHING
) -> AsyncGenerator[Event, None]:
    """Refine a candidate for the task; close the generator to cancel. It raises one error, never a group.

    After finished rounds it goes on as if it had never been interrupted: what they spent is spent.
    What cannot be carried out is a `RequestError` here and now, before the first event.
    """
    _check(task, rules, roles)
    return _refine(task, rules, roles, sampling, start)


def _check(task: Task, rules: Rules, roles: Roles) -> None:
    if not task.tests and rules.stop is StopRule.TESTS_PASSED:
        raise RequestError("stop", "stop=tests_passed needs tests")
    if not task.tests and rules.feedback is Feedback.TESTS:
        raise RequestError("feedback", "feedback=tests needs tests")
    if task.tests and roles.sandbox is None:
        raise RequestError("tests", "tests were given, but no sandbox is configured to run them")
    tokens = rules.budget.completion_tokens
    if tokens is not None and tokens < rules.candidates:
        raise RequestError("budget.completion_tokens", "less than one token for each candidate")


async def _refine(
    task: Task, rules: Rules, roles: Roles, sampling: RefineSampling, start: Start
) -> AsyncGenerator[Event, None]:
    clock = asyncio.get_running_loop().time
    records = [Record.resumed(index, start.rounds) for index in range(rules.candidates)]
    # Chains run side by side: the longest one tells how long it took so far. Time spent dead costs nothing.
    started = clock() - max(record.seconds for record in records)
    chains = [
        _Chain(record, task, rules, roles, sampling, _purse(rules, record, started)) for record in records
    ]
    async with aclosing(merged([partial(chain.run, start.draft) for chain in chains])) as events:
        async for event in events:
            yield event
    yield RefinementCompleted(_refinement(records, rules.select, clock() - started))


def _purse(rules: Rules, record: Record, started: float) -> Purse:
    """Share the tokens out evenly, so that no chain's end depends on how fast another one runs."""
    tokens, seconds = rules.budget.completion_tokens, rules.budget.seconds
    purse = Purse(
        None if tokens is None else tokens // rules.candidates,
        None if seconds is None else started + seconds,
    )
    purse.pay(record.usage.tokens.completion_tokens)
    return purse


def _refinement(records: Sequence[Record], selection: Selection, seconds: float) -> Refinement:
    begun = [record.rounds for record in records if record.rounds]
    if not begun:
        raise DeadlineError("time ran out before a first candidate existed")
    selected = select(begun, selection)
    return Refinement(
        rounds=tuple(round_ for rounds in begun for round_ in rounds),
        selected=selected,
        stop_reason=records[selected.chain].stop_reason,
        usage=sum((record.usage for record in records), Usage()),
        seconds=seconds,
    )


@dataclass(slots=True)
class _Chain:
    """One draft and its revisions, in the making."""

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
        allowed = self.purse.allow(self._seeded(sampling, index))
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
        new = self.record.add(candidate)
        await self.emit(SolutionCompleted(new.chain, new.index, new.candidate, new.edit_similarity))

    async def _judge(self) -> Verdict | None:
        """Run the tests, if there are any; the same code is not run twice."""
        if self.roles.sandbox is None or not self.task.tests:
            return None
        last, twin = self.record.last, self.record.twin
        verdict = twin.verdict if twin else None
        if verdict is None:
            self.record.spend(Usage(sandbox_runs=1))
            verdict = await self.purse.within_time(self.roles.sandbox.judge(self.task, last.candidate))
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
        allowed = self.purse.allow(self._seeded(self.sampling.critique, last.index))
        self.record.spend(Usage(critic_calls=1))
        tell = self._teller(partial(CritiqueDelta, last.chain, last.index))
        asking = self.roles.critic.critique(self.task, last.candidate, told, allowed, tell)
        critique, usage = await self.purse.within_time(asking)
        self._pay(usage)
        return critique

    def _teller(self, delta: Callable[[str], Event]) -> OnText | None:
        async def tell(text: str) -> None:
            await self.emit(delta(text))

        return tell if self.rules.deltas else None

    def _pay(self, usage: TokenUsage) -> None:
        self.purse.pay(usage.completion_tokens)
        self.record.spend(Usage(usage))

    def _seeded(self, sampling: Sampling, index: int) -> Sampling:
        """Give each round of each chain a seed of its own: one seed would draw one candidate many times."""
        if sampling.seed is None:
            return sampling
        rounds = self.rules.budget.max_rounds + 1
        return replace(sampling, seed=sampling.seed + self.record.chain * rounds + index)
