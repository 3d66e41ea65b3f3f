"""A model that spent its tokens on a thought is asked once more, with room for an answer."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from service.domain.asking import WIDER, ask, ask_often
from service.domain.chat import Completion, Message, Sampling, TokenUsage
from service.domain.errors import ContextError, ModelError, ServiceError
from service.domain.ports import OnText

HI = [Message("user", "hi")]
SAMPLING = Sampling(temperature=0.7, max_tokens=100, seed=3)
LOST = Completion("<think>first of all", "length", TokenUsage(10, 0, 100))
SILENT = Completion("", "length", TokenUsage(10, 0, 100))
CUT = Completion("<think>so</think>def f(", "length", TokenUsage(10, 0, 100))
ANSWER = Completion("<think>so</think>x = 1", "stop", TokenUsage(10, 0, 700))


class _RefusedError(ModelError):
    passing = False


@dataclass
class Thinking:
    """Gives its answers in turn, or fails."""

    answers: list[Completion | ServiceError]
    name: str = "thinking"
    samplings: list[Sampling] = field(default_factory=list)
    asked_for: list[int] = field(default_factory=list)

    async def complete(
        self, messages: Sequence[Message], sampling: Sampling, n: int = 1
    ) -> tuple[Completion, ...]:
        self.samplings.append(sampling)
        self.asked_for.append(n)
        return tuple(self._next() for _ in range(n))

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[str | Completion, None]:
        self.samplings.append(sampling)
        done = self._next()
        yield done.text
        yield done

    def _next(self) -> Completion:
        answer = self.answers.pop(0)
        if isinstance(answer, ServiceError):
            raise answer
        return answer


@pytest.mark.parametrize("lost", [LOST, SILENT])
async def test_a_thought_alone_is_asked_for_again_with_more_room_and_both_are_paid_for(
    lost: Completion,
) -> None:
    model = Thinking([lost, ANSWER])

    done = await ask(model, HI, SAMPLING, None)

    assert (done.text, done.finish_reason) == (ANSWER.text, "stop")
    assert done.usage == TokenUsage(20, 0, 800)
    assert model.samplings == [SAMPLING, replace(SAMPLING, max_tokens=100 * WIDER)]


async def test_it_is_asked_for_again_once() -> None:
    done = await ask(Thinking([LOST, LOST, ANSWER]), HI, SAMPLING, None)

    assert (done.text, done.usage.completion_tokens) == (LOST.text, 200)


@pytest.mark.parametrize(
    ("first", "sampling"),
    [
        (ANSWER, SAMPLING),
        (CUT, SAMPLING),
        (replace(SILENT, finish_reason="stop"), SAMPLING),
        (LOST, replace(SAMPLING, max_tokens=None)),
        (LOST, replace(SAMPLING, room=200)),
    ],
    ids=["an answer", "an answer cut short", "no word at all", "no cap", "no budget for more"],
)
async def test_what_more_room_does_not_help_is_returned(first: Completion, sampling: Sampling) -> None:
    model = Thinking([first])

    assert await ask(model, HI, sampling, None) == first
    assert len(model.samplings) == 1


async def test_a_budget_bounds_the_room() -> None:
    model = Thinking([LOST, ANSWER])

    await ask(model, HI, replace(SAMPLING, room=450), None)

    assert [(sampling.max_tokens, sampling.room) for sampling in model.samplings] == [
        (100, None),
        (350, None),
    ]


async def test_what_is_written_the_second_time_is_told_too() -> None:
    heard: list[str] = []

    async def hear(text: str) -> None:
        heard.append(text)

    await ask(Thinking([LOST, ANSWER]), HI, SAMPLING, OnText(hear))

    assert heard == [LOST.text, ANSWER.text]


async def test_of_several_only_those_are_asked_for_again() -> None:
    model = Thinking([LOST, ANSWER, SILENT, replace(ANSWER, text="second"), replace(ANSWER, text="third")])

    done = await ask_often(model, HI, replace(SAMPLING, room=1_200), 3)

    assert [each.text for each in done] == ["second", ANSWER.text, "third"]
    assert [each.usage.completion_tokens for each in done] == [800, 700, 800]
    assert model.asked_for == [3, 2]
    assert [sampling.max_tokens for sampling in model.samplings] == [100, 500]


@pytest.mark.parametrize("error", [_RefusedError("at most 4096 tokens"), ContextError("too long")])
async def test_an_endpoint_that_has_no_such_room_leaves_what_there_is(error: ServiceError) -> None:
    assert await ask(Thinking([LOST, error]), HI, SAMPLING, None) == LOST
    assert await ask_often(Thinking([LOST, ANSWER, error]), HI, SAMPLING, 2) == (LOST, ANSWER)


async def test_an_endpoint_that_fails_the_second_time_has_answered_nothing() -> None:
    with pytest.raises(ModelError, match="gone"):
        await ask(Thinking([LOST, ModelError("gone")]), HI, SAMPLING, None)
    with pytest.raises(ModelError, match="gone"):
        await ask_often(Thinking([LOST, ANSWER, ModelError("gone")]), HI, SAMPLING, 2)
