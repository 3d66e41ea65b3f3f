"""Models and the sandbox, each call of them a span. Put around them only where spans are recorded."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing, asynccontextmanager

from opentelemetry.trace import SpanKind

from service.domain.chat import ChatModel, Completion, Message, Sampling
from service.domain.ports import RunningSandbox
from service.domain.run import Run
from service.domain.task import Candidate, Task
from service.domain.verdict import Verdict
from service.observing import attributes as names
from service.observing.spans import Note, Spans, Value
from service.services import Upstream, UpstreamReply


class TracedModel:
    """A chat model in a role."""

    def __init__(self, model: ChatModel, role: str, spans: Spans):
        self._model, self._role, self._spans = model, role, spans

    @property
    def name(self) -> str:
        return self._model.name

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[str | Completion, None]:
        with self._span(sampling, {names.STREAMED: True}) as note:
            async with aclosing(self._model.stream(messages, sampling)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Completion):
                        note(_completed([piece]))
                    yield piece

    async def complete(
        self, messages: Sequence[Message], sampling: Sampling, n: int = 1
    ) -> tuple[Completion, ...]:
        with self._span(sampling, {} if n == 1 else {names.CHOICES: n}) as note:
            completions = await self._model.complete(messages, sampling, n)
            note(_completed(completions))
        return completions

    def _span(self, sampling: Sampling, said: dict[str, Value]) -> AbstractContextManager[Note]:
        said |= {names.OPERATION: names.CHAT, names.MODEL: self.name, names.ROLE: self._role}
        said |= _sampled(sampling)
        return self._spans.span(f"{names.CHAT} {self.name}", said, kind=SpanKind.CLIENT)


class TracedUpstream:
    """An endpoint that is passed through to."""

    def __init__(self, name: str, upstream: Upstream, spans: Spans):
        self._name, self._upstream, self._spans = name, upstream, spans

    @property
    def model(self) -> str:
        return self._upstream.model

    @property
    def members(self) -> Mapping[str, str]:
        return self._upstream.members

    @asynccontextmanager
    async def post(self, path: str, body: bytes) -> AsyncGenerator[UpstreamReply, None]:
        said: dict[str, Value] = {
            names.OPERATION: names.CHAT,
            names.MODEL: self._name,
            names.ROLE: names.CHAT,
        }
        with self._spans.span(f"{names.CHAT} {self._name}", said, kind=SpanKind.CLIENT):
            async with self._upstream.post(path, body) as reply:
                yield reply


class TracedSandbox:
    """A sandbox."""

    def __init__(self, sandbox: RunningSandbox, spans: Spans):
        self._sandbox, self._spans = sandbox, spans

    async def judge(self, task: Task, candidate: Candidate, *, stop_on_first_fail: bool = False) -> Verdict:
        said: dict[str, Value] = {names.SANDBOX_WORK: "judge", names.TESTS_TOTAL: len(task.tests)}
        with self._spans.span(names.SANDBOX, said, kind=SpanKind.CLIENT) as note:
            verdict = await self._sandbox.judge(task, candidate, stop_on_first_fail=stop_on_first_fail)
            note({names.OUTCOME: verdict.outcome.value, names.TIER: verdict.tier})
            note({names.TESTS_PASSED: verdict.passed})
        return verdict

    async def run(self, code: str, *, stdin: str = "", language: str = "python") -> Run:
        with self._spans.span(names.SANDBOX, {names.SANDBOX_WORK: "run"}, kind=SpanKind.CLIENT) as note:
            run = await self._sandbox.run(code, stdin=stdin, language=language)
            note({names.OUTCOME: run.outcome.value})
        return run


def _sampled(sampling: Sampling) -> dict[str, Value]:
    asked = {
        names.TEMPERATURE: sampling.temperature,
        names.TOP_P: sampling.top_p,
        names.MAX_TOKENS: sampling.max_tokens,
        names.SEED: sampling.seed,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _completed(completions: Sequence[Completion]) -> dict[str, Value]:
    return {
        names.FINISH_REASONS: [completion.finish_reason for completion in completions],
        names.INPUT_TOKENS: sum(completion.usage.prompt_tokens for completion in completions),
        names.CACHED_TOKENS: sum(completion.usage.cached_tokens for completion in completions),
        names.OUTPUT_TOKENS: sum(completion.usage.completion_tokens for completion in completions),
    }
