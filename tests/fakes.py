"""Stand-ins for models, roles and the sandbox: they remember what they saw, and break on demand."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from service.domain.chat import Completion, FinishReason, Message, Sampling, TokenLogprob, TokenUsage
from service.domain.critique import Critique, Judgment
from service.domain.errors import ModelError, ServiceError
from service.domain.events import Event, RefinementCompleted
from service.domain.loop import RefineSampling, Roles, Rules, Start, refine
from service.domain.parsing import parse_critique, render_critique
from service.domain.ports import OnText
from service.domain.refinement import Refinement, Round
from service.domain.run import Run as ProgramRun
from service.domain.scoring import scored
from service.domain.task import Candidate, StdinTest, Task
from service.domain.verdict import Outcome, Verdict
from service.domain.verdict import TestRun as Run

TOKENS_A_CALL = 10
"""Completion tokens that a scripted role reports for each call."""

CORRECT = render_critique("It does what is asked.", "None.", Judgment.CORRECT)
INCORRECT = render_critique("It fails for odd numbers.", "Handle odd numbers.", Judgment.INCORRECT)


def critique_of(judgment: Judgment | None, score: float | None = None) -> Critique:
    """Build a critique; one without a judgment has no score either."""
    if judgment is None:
        return parse_critique("I cannot say.")
    text = CORRECT if judgment is Judgment.CORRECT else INCORRECT
    critique = scored(parse_critique(text), None)
    return critique if score is None else replace(critique, score=score)


def verdict_of(passed: int, total: int, outcome: Outcome = Outcome.WRONG_ANSWER) -> Verdict:
    """Build a verdict in which the first tests passed and the others ended as `outcome`."""
    runs = [Run(Outcome.ACCEPTED if number < passed else outcome) for number in range(total)]
    return Verdict(Outcome.ACCEPTED if passed == total else outcome, passed, total, tuple(runs))


@dataclass
class FakeChatModel:
    """Answers with its texts in turn, the last one for ever; streams them word by word."""

    texts: Sequence[str]
    name: str = "fake"
    finish_reason: FinishReason = "stop"
    logprobs: Sequence[TokenLogprob] | None = None
    fault: ServiceError | None = None
    ends_early: bool = False
    conversations: list[list[Message]] = field(default_factory=list)
    samplings: list[Sampling] = field(default_factory=list)
    streams_open: int = 0
    streams_begun: int = 0
    answers: int = 0

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[str | Completion, None]:
        self._hear(messages, sampling)
        completion = self._answer()
        self.streams_open += 1
        self.streams_begun += 1
        try:
            for piece in completion.text.splitlines(keepends=True):
                await asyncio.sleep(0)
                yield piece
            if not self.ends_early:
                yield completion
        finally:
            self.streams_open -= 1

    async def complete(
        self, messages: Sequence[Message], sampling: Sampling, n: int = 1
    ) -> tuple[Completion, ...]:
        self._hear(messages, sampling)
        return tuple(self._answer() for _ in range(n))

    def _hear(self, messages: Sequence[Message], sampling: Sampling) -> None:
        self.conversations.append(list(messages))
        self.samplings.append(sampling)
        if self.fault is not None:
            raise self.fault

    def _answer(self) -> Completion:
        text = self.texts[min(self.answers, len(self.texts) - 1)]
        self.answers += 1
        return Completion(text, self.finish_reason, TokenUsage(7, 3, len(text.split())), self.logprobs)


@dataclass
class ReadingChatModel(FakeChatModel):
    """Answers what its reader says of the conversation, whatever the order of the calls."""

    texts: Sequence[str] = ()
    reader: Callable[[Sequence[Message]], str] = field(default=lambda _: CORRECT)

    def _hear(self, messages: Sequence[Message], sampling: Sampling) -> None:
        self.texts = [self.reader(messages)]
        super()._hear(messages, sampling)


@dataclass
class ScriptedGenerator:
    """Writes its programs in turn, the last one for ever. `hangs_at` is the call that never ends."""

    codes: Sequence[str]
    fault: Exception | None = None
    fault_at: int = 0
    hangs_at: int | None = None
    before: Callable[[], Awaitable[object]] | None = None
    """Awaited before each call writes."""
    calls: int = 0
    in_flight: int = 0
    critiques_seen: list[str] = field(default_factory=list)
    samplings: list[Sampling] = field(default_factory=list)

    async def propose(
        self, task: Task, sampling: Sampling, on_text: OnText | None
    ) -> tuple[Candidate, TokenUsage]:
        return await self._write(sampling, on_text)

    async def revise(
        self, task: Task, candidate: Candidate, critique: Critique, sampling: Sampling, on_text: OnText | None
    ) -> tuple[Candidate, TokenUsage]:
        self.critiques_seen.append(critique.text)
        return await self._write(sampling, on_text)

    async def _write(self, sampling: Sampling, on_text: OnText | None) -> tuple[Candidate, TokenUsage]:
        call, self.calls = self.calls, self.calls + 1
        self.samplings.append(sampling)
        self.in_flight += 1
        try:
            if self.before is not None:
                await self.before()
            if call == self.hangs_at:
                await asyncio.Event().wait()
            if self.fault is not None and call == self.fault_at:
                raise self.fault
            code = self.codes[min(call, len(self.codes) - 1)]
            if on_text is not None:
                await on_text(code)
        finally:
            self.in_flight -= 1
        return Candidate(code, code), TokenUsage(completion_tokens=TOKENS_A_CALL)


@dataclass
class ScriptedCritic:
    """Judges each program by the table; a program not in it is incorrect. `hangs_on` it never ends."""

    critiques: Mapping[str, Critique] = field(default_factory=dict)
    fault: Exception | None = None
    hangs_on: str | None = None
    codes_seen: list[str] = field(default_factory=list)
    hints_seen: list[str | None] = field(default_factory=list)
    samplings: list[Sampling] = field(default_factory=list)

    async def critique(
        self, task: Task, candidate: Candidate, hint: str | None, sampling: Sampling, on_text: OnText | None
    ) -> tuple[Critique, TokenUsage]:
        self.codes_seen.append(candidate.code)
        self.hints_seen.append(hint)
        self.samplings.append(sampling)
        if candidate.code == self.hangs_on:
            await asyncio.Event().wait()
        if self.fault is not None:
            raise self.fault
        critique = self.critiques.get(candidate.code, critique_of(Judgment.INCORRECT))
        if on_text is not None:
            await on_text(critique.text)
        return critique, TokenUsage(completion_tokens=TOKENS_A_CALL)


@dataclass
class ScriptedSandbox:
    """Gives each program the verdict in the table; a program not in it fails every test."""

    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    fault: ServiceError | None = None
    hangs_on: str | None = None
    codes_seen: list[str] = field(default_factory=list)
    limits_seen: list[float | None] = field(default_factory=list)
    stops_seen: list[bool] = field(default_factory=list)
    ran: ProgramRun = field(default_factory=lambda: ProgramRun(Outcome.ACCEPTED, 0))
    stdins_seen: list[str] = field(default_factory=list)
    languages_seen: list[str] = field(default_factory=list)

    async def run(self, code: str, *, stdin: str = "", language: str = "python") -> ProgramRun:
        self.codes_seen.append(code)
        self.stdins_seen.append(stdin)
        self.languages_seen.append(language)
        if code == self.hangs_on:
            await asyncio.Event().wait()
        if self.fault is not None:
            raise self.fault
        return self.ran

    async def judge(
        self,
        task: Task,
        candidate: Candidate,
        *,
        stop_on_first_fail: bool = False,
        cpu_s: float | None = None,
    ) -> Verdict:
        self.codes_seen.append(candidate.code)
        self.limits_seen.append(cpu_s)
        self.stops_seen.append(stop_on_first_fail)
        if candidate.code == self.hangs_on:
            await asyncio.Event().wait()
        if self.fault is not None:
            raise self.fault
        return self.verdicts.get(candidate.code, verdict_of(0, len(task.tests)))


def lasting(error: ModelError) -> ModelError:
    """Make it a failure that will not pass, such as a key that is refused."""
    error.passing = False
    return error


async def _nothing(text: str) -> None:
    """Hear a model write, and do nothing about it."""


ignore = OnText(_nothing)


TASK = Task("Add one to a number.")
TESTED = replace(TASK, tests=(StdinTest("1", "2"), StdinTest("2", "3")))


@dataclass
class Stage:
    """A refinement with fakes in all roles; each test says what differs from three rounds of failure."""

    codes: list[str]
    good: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()
    task: Task = TASK
    rules: Rules = field(default_factory=Rules)
    sampling: RefineSampling = field(default_factory=RefineSampling)
    draft: Candidate | None = None
    rounds: Sequence[Round] = ()
    allowance: Callable[[], Awaitable[bool]] | None = None
    generator: ScriptedGenerator = field(init=False)
    critic: ScriptedCritic = field(init=False)
    sandbox: ScriptedSandbox = field(init=False)

    def __post_init__(self) -> None:
        self.generator = ScriptedGenerator(self.codes)
        self.critic = ScriptedCritic(dict.fromkeys(self.good, critique_of(Judgment.CORRECT)))
        self.sandbox = ScriptedSandbox(dict.fromkeys(self.passing, verdict_of(2, 2)))

    async def events(self) -> list[Event]:
        roles = Roles(self.generator, self.critic, self.sandbox, allowance=self.allowance)
        refining = refine(self.task, self.rules, roles, self.sampling, Start(self.draft, tuple(self.rounds)))
        async with aclosing(refining) as events:
            return [event async for event in events]

    async def run(self) -> Refinement:
        last = (await self.events())[-1]
        assert isinstance(last, RefinementCompleted)
        return last.refinement


def codes(refinement: Refinement) -> list[str]:
    """Return the program of each round."""
    return [round_.candidate.code for round_ in refinement.rounds]


def other_tasks() -> set[asyncio.Task[object]]:
    """Return the tasks besides the test itself."""
    return asyncio.all_tasks() - {asyncio.current_task()}
