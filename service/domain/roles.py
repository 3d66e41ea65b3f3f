"""A chat model as generator or as critic."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from service.domain.asking import ask, ask_often
from service.domain.chat import ChatModel, Completion, Message, Sampling, TokenUsage
from service.domain.critique import Critique, Judgment, Preference
from service.domain.errors import CriticError, GeneratorError, ModelError
from service.domain.parsing import parse_critique, parse_preference, render_critique
from service.domain.ports import OnText
from service.domain.reading import candidate_in, read
from service.domain.scoring import aggregate, scored
from service.domain.syntax import may_be_program
from service.domain.task import Candidate, Task
from service.domain.templates import CRITIC_TEMPLATE, GENERATOR_TEMPLATE, CriticTemplate, GeneratorTemplate

_ALTERNATIVES = 5
"""Logprobs asked for at each token; endpoints offer five at least."""

NOTHING_TO_REVIEW = replace(
    parse_critique(
        render_critique(
            "There is no program.", "Write a program that solves the problem.", Judgment.INCORRECT
        )
    ),
    score=0.0,
)
"""The critique of a candidate that is no program, which needs no critic."""


@dataclass(frozen=True, slots=True)
class ChatGenerator:
    """Writes programs by asking a chat model."""

    model: ChatModel
    template: GeneratorTemplate = GENERATOR_TEMPLATE

    async def propose(
        self, task: Task, sampling: Sampling, on_text: OnText | None
    ) -> tuple[Candidate, TokenUsage]:
        return await self._write(self.template.proposal(task), sampling, on_text)

    async def revise(
        self, task: Task, candidate: Candidate, critique: Critique, sampling: Sampling, on_text: OnText | None
    ) -> tuple[Candidate, TokenUsage]:
        return await self._write(self.template.revision(task, candidate, critique), sampling, on_text)

    async def _write(
        self, messages: Sequence[Message], sampling: Sampling, on_text: OnText | None
    ) -> tuple[Candidate, TokenUsage]:
        try:
            completion = await ask(self.model, messages, sampling, on_text)
        except ModelError as error:
            raise GeneratorError.of(error) from error
        return await candidate_in(completion.text), completion.usage


@dataclass(frozen=True, slots=True)
class ChatCritic:
    """Reviews programs by asking a chat model; of several votes, one that the majority shares is returned."""

    model: ChatModel
    template: CriticTemplate = CRITIC_TEMPLATE
    votes: int = 1

    async def critique(
        self, task: Task, candidate: Candidate, hint: str | None, sampling: Sampling, on_text: OnText | None
    ) -> tuple[Critique, TokenUsage]:
        if not await read(len(candidate.code), lambda: may_be_program(candidate.code)):
            return NOTHING_TO_REVIEW, TokenUsage()
        if self.votes == 1:
            return await self._ask(task, candidate, hint, sampling, on_text)
        critiques, usage = await self.draw(task, candidate, sampling, self.votes, hint)
        critique = aggregate(critiques)
        if on_text is not None:
            await on_text(critique.text)
        return critique, usage

    async def draw(
        self, task: Task, candidate: Candidate, sampling: Sampling, n: int, hint: str | None = None
    ) -> tuple[tuple[Critique, ...], TokenUsage]:
        """Write `n` critiques of one candidate."""
        messages = self.template.request(task, candidate, hint)
        with _in_its_name():
            completions = await self._complete(messages, _with_logprobs(sampling), n)
            return tuple(_read(completion, candidate) for completion in completions), _usage(completions)

    async def compare(
        self, task: Task, pair: tuple[Candidate, Candidate], sampling: Sampling, n: int = 1
    ) -> tuple[tuple[Preference | None, ...], TokenUsage]:
        """Say `n` times which of two candidates is better; None where it cannot be read."""
        with _in_its_name():
            completions = await self._complete(self.template.comparison(task, *pair), sampling, n)
        return tuple(map(_preference, completions)), _usage(completions)

    async def _complete(
        self, messages: Sequence[Message], sampling: Sampling, n: int
    ) -> tuple[Completion, ...]:
        completions = await ask_often(self.model, messages, sampling, n)
        if not completions:
            raise CriticError(f"{self.model.name}: no completions")
        return completions

    async def _ask(
        self, task: Task, candidate: Candidate, hint: str | None, sampling: Sampling, on_text: OnText | None
    ) -> tuple[Critique, TokenUsage]:
        messages = self.template.request(task, candidate, hint)
        with _in_its_name():
            completion = await ask(self.model, messages, _with_logprobs(sampling), on_text)
            return _read(completion, candidate), completion.usage


@contextmanager
def _in_its_name() -> Iterator[None]:
    """Say of the critic what its model says. Logprobs may turn out unreadable when they are looked at."""
    try:
        yield
    except ModelError as error:
        raise CriticError.of(error) from error


def _with_logprobs(sampling: Sampling) -> Sampling:
    return replace(sampling, logprobs=_ALTERNATIVES)


def _read(completion: Completion, candidate: Candidate) -> Critique:
    truncated = completion.finish_reason == "length"
    critique = parse_critique(completion.text, truncated, candidate.code)
    return scored(critique, completion.logprobs)


def _preference(completion: Completion) -> Preference | None:
    return parse_preference(completion.text, truncated=completion.finish_reason == "length")


def _usage(completions: Sequence[Completion]) -> TokenUsage:
    return sum((completion.usage for completion in completions), TokenUsage())
