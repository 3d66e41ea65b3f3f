"""Prometheus counts, and wrappers of the domain's ports that feed them.

Labels are names from the configuration and closed enums: nothing a client sends becomes a label.
"""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from service.caller import spend
from service.domain.chat import ChatModel, Completion, Message, Sampling, TokenUsage
from service.domain.critique import Critique
from service.domain.errors import ModelError, RequestError, SandboxBusyError, ServiceError
from service.domain.ports import OnText, RunningSandbox
from service.domain.refinement import Refinement
from service.domain.roles import ChatCritic
from service.domain.run import Run
from service.domain.task import Candidate, Task
from service.domain.verdict import Verdict
from service.observing.stopwatch import answering, calling

OWN_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 20)
SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320)

_Series = TypeVar("_Series", Counter, Histogram)

_CHARACTERS_A_TOKEN = 4
"""Of prose and code, about."""


class Metrics:
    """Everything the gateway counts, in a registry of its own."""

    def __init__(self) -> None:
        # A creation time beside every series would double what is scraped.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry = CollectorRegistry()
        self._series: dict[tuple[Counter | Histogram, tuple[str, ...]], Counter | Histogram] = {}
        self._refinements = Counter(
            "ctrl_refinements", "Refinements by how they ended", ["stop_reason"], registry=registry
        )
        self._rounds = Counter("ctrl_rounds", "Rounds of finished refinements", registry=registry)
        self._round_seconds = Histogram(
            "ctrl_round_seconds", "Duration of a round", buckets=SECONDS, registry=registry
        )
        self._model_seconds = Histogram(
            "ctrl_model_call_seconds",
            "Duration of a model call",
            ["role", "model"],
            buckets=SECONDS,
            registry=registry,
        )
        self._model_tokens = Counter(
            "ctrl_model_tokens",
            "Tokens; cached ones are prompt tokens too",
            ["role", "kind"],
            registry=registry,
        )
        self._critiques = Counter(
            "ctrl_critiques", "Critiques by how they were read", ["parsed"], registry=registry
        )
        self._judgments = Counter(
            "ctrl_judgments", "Critiques by their judgment", ["judgment"], registry=registry
        )
        self._sandbox_runs = Counter(
            "ctrl_sandbox_runs", "Verdicts by outcome", ["outcome"], registry=registry
        )
        self._upstream_errors = Counter(
            "ctrl_upstream_errors", "Failures of parts by kind", ["part", "kind"], registry=registry
        )
        self._model_cache = Counter(
            "ctrl_model_cache", "Repeatable calls by whose answer served them", ["result"], registry=registry
        )
        self._jobs_ended = Counter("ctrl_jobs_ended", "Background refinements that ended", registry=registry)
        self._jobs_at_work = Gauge("ctrl_jobs_at_work", "Background refinements at work", registry=registry)
        self._queue_depth = Gauge("ctrl_queue_depth", "Background refinements waiting", registry=registry)
        self._inflight = Gauge("ctrl_inflight", "Requests at work", registry=registry)
        self._overhead = Histogram(
            "ctrl_overhead_seconds",
            "A request's time less its waits for models, sandbox and client",
            buckets=OWN_SECONDS,
            registry=registry,
        )

    def inflight(self, change: int) -> None:
        self._inflight.inc(change)

    def refinement_finished(self, stop_reason: str, refinement: Refinement | None) -> None:
        self._of(self._refinements, stop_reason).inc()
        for a_round in () if refinement is None else refinement.rounds:
            self._rounds.inc()
            self._round_seconds.observe(a_round.seconds)

    def job_ended(self) -> None:
        self._jobs_ended.inc()

    def jobs_at_work(self, number: int) -> None:
        self._jobs_at_work.set(number)

    def refinements_waiting(self, number: int) -> None:
        self._queue_depth.set(number)

    def request_answered(self, own_seconds: float) -> None:
        self._overhead.observe(own_seconds)

    def exposition(self) -> tuple[bytes, str]:
        return generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4

    def count_tokens(self, role: str, usage: TokenUsage) -> None:
        self._of(self._model_tokens, role, "prompt").inc(usage.prompt_tokens)
        self._of(self._model_tokens, role, "cached").inc(usage.cached_tokens)
        self._of(self._model_tokens, role, "completion").inc(usage.completion_tokens)

    def count_shared(self, result: str) -> None:
        """Count a call whose answer may serve others: a hit, a shared one, or a miss."""
        self._of(self._model_cache, result).inc()

    def count_critique(self, critique: Critique) -> None:
        self._of(self._critiques, critique.parsed).inc()
        self._of(self._judgments, critique.judgment or "none").inc()

    def count_run(self, outcome: str) -> None:
        """Count a verdict of the sandbox, or a run."""
        self._of(self._sandbox_runs, outcome).inc()

    def count_failure(self, part: str, error: BaseException | None) -> None:
        """Count what a part raises on purpose, unless it is the request that cannot be carried out."""
        if isinstance(error, ServiceError) and not isinstance(error, RequestError):
            self._of(self._upstream_errors, part, _kind(error)).inc()

    def observe_call(self, role: str, model: str, seconds: float) -> None:
        """Take down how long a model call took."""
        self._of(self._model_seconds, role, model).observe(seconds)

    def _of(self, metric: _Series, *labels: str) -> _Series:
        """Find a series; prometheus_client looks for it under a lock, and writes its labels anew."""
        series = self._series.get((metric, labels))
        if series is None:
            series = self._series[metric, labels] = metric.labels(*labels)
        return cast(_Series, series)


def _kind(error: ServiceError) -> str:
    """Name a failure by the exception beneath it: a small set, decided by our own adapters."""
    if isinstance(error, SandboxBusyError):
        return "busy"
    if isinstance(error, ModelError) and error.retry_after_s is not None:
        return "breaker_open"
    cause = error.__cause__
    return "failed" if cause is None else type(cause).__name__


class MeteredCall:
    """A call of a part: its failure is counted, and its time is not ours."""

    __slots__ = ("_metrics", "_model", "_part", "_started", "_wait")

    def __init__(self, metrics: Metrics, part: str, model: str | None = None) -> None:
        """`model`: takes down how long it was called in this role."""
        self._metrics, self._part, self._model = metrics, part, model

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        self._wait = calling()
        self._wait.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wait.__exit__(kind, error, trace)
        self._metrics.count_failure(self._part, error)
        if self._model is not None:
            self._metrics.observe_call(self._part, self._model, time.perf_counter() - self._started)


class MeteredModel:
    """A chat model whose calls, tokens and failures are counted under a role."""

    def __init__(self, model: ChatModel, role: str, metrics: Metrics):
        self._model = model
        self._role = role
        self._metrics = metrics

    @property
    def name(self) -> str:
        return self._model.name

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[str | Completion, None]:
        unbilled = 0
        try:
            with self._call():
                async with aclosing(self._model.stream(messages, sampling)) as pieces:
                    async for piece in pieces:
                        if isinstance(piece, str):
                            unbilled += -(-len(piece) // _CHARACTERS_A_TOKEN)
                        else:
                            self._metrics.count_tokens(self._role, piece.usage)
                            unbilled = piece.usage.completion_tokens
                        with answering():
                            yield piece
        finally:
            # Who leaves before the end pays for what was written by then, as nearly as can be told.
            spend(unbilled)

    async def complete(
        self, messages: Sequence[Message], sampling: Sampling, n: int = 1
    ) -> tuple[Completion, ...]:
        with self._call():
            completions = await self._model.complete(messages, sampling, n)
        for completion in completions:
            self._metrics.count_tokens(self._role, completion.usage)
            spend(completion.usage.completion_tokens)
        return completions

    def _call(self) -> MeteredCall:
        return MeteredCall(self._metrics, self._role, self._model.name)


@dataclass(frozen=True)
class MeteredCritic(ChatCritic):
    """A critic whose critiques are counted by how they were read and what they say."""

    metrics: Metrics = field(kw_only=True)

    async def critique(
        self, task: Task, candidate: Candidate, hint: str | None, sampling: Sampling, on_text: OnText | None
    ) -> tuple[Critique, TokenUsage]:
        critique, usage = await super().critique(task, candidate, hint, sampling, on_text)
        if self.votes == 1:
            self.metrics.count_critique(critique)
        return critique, usage

    async def draw(
        self, task: Task, candidate: Candidate, sampling: Sampling, n: int, hint: str | None = None
    ) -> tuple[tuple[Critique, ...], TokenUsage]:
        critiques, usage = await super().draw(task, candidate, sampling, n, hint)
        for critique in critiques:
            self.metrics.count_critique(critique)
        return critiques, usage


class MeteredSandbox:
    """A sandbox whose verdicts, runs and failures are counted."""

    def __init__(self, sandbox: RunningSandbox, metrics: Metrics):
        self._sandbox = sandbox
        self._metrics = metrics

    async def judge(self, task: Task, candidate: Candidate, *, stop_on_first_fail: bool = False) -> Verdict:
        with MeteredCall(self._metrics, "sandbox"):
            verdict = await self._sandbox.judge(task, candidate, stop_on_first_fail=stop_on_first_fail)
        self._metrics.count_run(verdict.outcome)
        return verdict

    async def run(self, code: str, *, stdin: str = "", language: str = "python") -> Run:
        with MeteredCall(self._metrics, "sandbox"):
            run = await self._sandbox.run(code, stdin=stdin, language=language)
        self._metrics.count_run(run.outcome)
        return run
