"""The embedded engine as a chat model: shared, cancelled, overloaded, closed."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from service.adapters.embedded import EmbeddedModel
from service.domain.chat import Completion, Message, Sampling
from service.domain.errors import ModelError, OverloadedError

GREEDY = Sampling(temperature=0, max_tokens=40)
ENDLESS = Sampling(temperature=1, seed=0, max_tokens=200)


def asking(what: str) -> list[Message]:
    return [Message("user", what)]


@pytest.fixture
async def model(checkpoint: Path) -> AsyncGenerator[EmbeddedModel, None]:
    async with EmbeddedModel.load("mini", checkpoint, slots=2, max_waiting=8) as model:
        yield model


def written(completion: Completion) -> tuple[str, str, int]:
    return completion.text, completion.finish_reason, completion.usage.completion_tokens


@pytest.mark.parametrize("sampling", [GREEDY, Sampling(temperature=1, seed=3, max_tokens=40)])
async def test_a_request_is_answered_the_same_alone_and_among_seven_others(
    checkpoint: Path, sampling: Sampling
) -> None:
    questions = [asking(f"{'keep the even numbers ' * index} {index}") for index in range(8)]
    async with EmbeddedModel.load("alone", checkpoint, slots=1, prefix_cache_bytes=0) as model:
        alone = [written((await model.complete(question, sampling))[0]) for question in questions]

    async with (
        EmbeddedModel.load("together", checkpoint, slots=8) as model,
        asyncio.TaskGroup() as group,
    ):
        together = [group.create_task(model.complete(question, sampling)) for question in questions]

    assert [written(answer.result()[0]) for answer in together] == alone


async def test_several_completions_are_those_of_consecutive_seeds(model: EmbeddedModel) -> None:
    both = await model.complete(asking("hello"), Sampling(seed=5, max_tokens=20), n=2)

    (first,) = await model.complete(asking("hello"), Sampling(seed=5, max_tokens=20))
    (second,) = await model.complete(asking("hello"), Sampling(seed=6, max_tokens=20))
    assert [completion.text for completion in both] == [first.text, second.text]
    assert first.text != second.text


async def test_a_second_reading_of_a_prompt_is_reported_as_cached(model: EmbeddedModel) -> None:
    question = asking("keep the even numbers " * 20)

    (first,) = await model.complete(question, GREEDY)
    (again,) = await model.complete(question, GREEDY)
    (longer,) = await model.complete([*question, Message("assistant", "x"), Message("user", "y")], GREEDY)

    assert first.usage.cached_tokens == 0
    assert again.usage.cached_tokens >= again.usage.prompt_tokens - 32
    assert longer.usage.cached_tokens == again.usage.cached_tokens
    assert written(first) == written(again)


async def test_the_length_asked_for_is_cut_to_the_context(model: EmbeddedModel) -> None:
    (completion,) = await model.complete(asking("x"), Sampling(temperature=0, max_tokens=100_000))

    assert completion.usage.prompt_tokens + completion.usage.completion_tokens <= model.context_tokens


async def test_a_cancelled_completion_frees_its_slot(model: EmbeddedModel) -> None:
    waiting = [asyncio.create_task(model.complete(asking("x"), ENDLESS)) for _ in range(4)]
    await asyncio.sleep(0.02)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)

    async with asyncio.timeout(30):
        assert await model.complete(asking("y"), GREEDY, n=8)


async def test_a_closed_stream_frees_its_slot(checkpoint: Path) -> None:
    async with EmbeddedModel.load("mini", checkpoint, slots=1, max_waiting=1) as model:
        async with aclosing(model.stream(asking("x"), ENDLESS)) as stream:
            await anext(stream)

        async with asyncio.timeout(30):
            assert await model.complete(asking("y"), GREEDY)


async def test_a_full_queue_turns_work_away_whole(checkpoint: Path) -> None:
    async with (
        EmbeddedModel.load("mini", checkpoint, slots=2, max_waiting=1) as model,
        aclosing(model.stream(asking("x"), ENDLESS)) as first,
        aclosing(model.stream(asking("x"), ENDLESS)) as second,
    ):
        await anext(first)
        await anext(second)
        one = asyncio.create_task(model.complete(asking("x"), GREEDY))
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError, match="1 completions"):
            await model.complete(asking("x"), GREEDY, n=2)

        await first.aclose()
        assert await one


async def test_one_call_for_more_than_may_wait_does_not_overload_the_engine(checkpoint: Path) -> None:
    sampling = Sampling(temperature=1, seed=3, max_tokens=5)
    async with EmbeddedModel.load("mini", checkpoint, slots=2, max_waiting=8) as model:
        async with asyncio.TaskGroup() as group:
            calls = [group.create_task(model.complete(asking("x"), sampling, n=9)) for _ in range(4)]
        alone = [
            (await model.complete(asking("x"), replace(sampling, seed=3 + index)))[0].text
            for index in range(9)
        ]

    assert [[completion.text for completion in call.result()] for call in calls] == [alone] * 4


async def test_large_calls_leave_room_for_others(checkpoint: Path) -> None:
    sampling = Sampling(temperature=1, seed=3, max_tokens=5)
    async with (
        EmbeddedModel.load("mini", checkpoint, slots=2, max_waiting=8) as model,
        asyncio.TaskGroup() as group,
    ):
        large = [group.create_task(model.complete(asking("x"), sampling, n=9)) for _ in range(6)]
        small = group.create_task(model.complete(asking("x"), sampling))

    texts = [[completion.text for completion in call.result()] for call in large]
    assert texts == [texts[0]] * 6
    assert small.result()[0].text == texts[0][0]


async def test_cancelling_what_waits_makes_room_at_once(checkpoint: Path) -> None:
    async with EmbeddedModel.load("mini", checkpoint, slots=1, max_waiting=1) as model:
        async with aclosing(model.stream(asking("x"), ENDLESS)) as stream:
            await anext(stream)
            waiting = asyncio.create_task(model.complete(asking("y"), ENDLESS))
            await asyncio.sleep(0)
            with pytest.raises(OverloadedError):
                await model.complete(asking("z"), GREEDY)
            waiting.cancel()
            await asyncio.wait([waiting])

            third = asyncio.create_task(model.complete(asking("z"), GREEDY))
            await asyncio.sleep(0)
        assert await third


async def test_closing_fails_what_is_in_flight(checkpoint: Path) -> None:
    model = EmbeddedModel.load("mini", checkpoint, slots=1)
    calls = [asyncio.create_task(model.complete(asking("x"), ENDLESS)) for _ in range(3)]
    await asyncio.sleep(0)

    await model.aclose()

    for call in calls:
        with pytest.raises(ModelError, match="closed"):
            await call
    with pytest.raises(ModelError, match="closed"):
        await model.complete(asking("x"), GREEDY)


async def test_closing_a_model_that_never_worked_is_quiet(checkpoint: Path) -> None:
    model = EmbeddedModel.load("mini", checkpoint)

    await model.aclose()
    await model.aclose()


async def test_the_event_loop_keeps_running_while_the_model_writes(model: EmbeddedModel) -> None:
    writing = asyncio.create_task(model.complete(asking("x"), ENDLESS, n=4))
    beats = 0
    while not writing.done():
        await asyncio.sleep(0.001)
        beats += 1

    assert beats > 5


def test_one_model_serves_one_event_loop_after_another(checkpoint: Path) -> None:
    model = EmbeddedModel.load("mini", checkpoint)

    async def ask() -> str:
        return (await model.complete(asking("x"), GREEDY))[0].text

    assert asyncio.run(ask()) == asyncio.run(ask())
    asyncio.run(model.aclose())
