"""What both engines promise: one suite, run over the embedded engine and over HTTP to it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest

from service.adapters.embedded import EmbeddedModel
from service.adapters.openai import OpenAIModel
from service.domain.chat import ChatModel, Completion, Message, Sampling
from service.domain.errors import RequestError
from tests.engine_checkpoint import write_checkpoint
from tests.openai_server import chat_server, speaking

HELLO = [Message("system", "be brief"), Message("user", "keep the even numbers")]
GREEDY = Sampling(temperature=0, max_tokens=30)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture(params=["embedded", "openai"])
async def model(request: pytest.FixtureRequest, checkpoint: Path) -> AsyncGenerator[ChatModel, None]:
    async with EmbeddedModel.load("mini", checkpoint) as embedded:
        if request.param == "embedded":
            yield embedded
            return
        async with chat_server() as server, OpenAIModel("mini", server.base_url, "critic") as remote:
            server.answer(speaking(embedded))
            yield remote


async def read(model: ChatModel, sampling: Sampling) -> tuple[list[str], Completion]:
    async with aclosing(model.stream(HELLO, sampling)) as stream:
        items = [item async for item in stream]
    *pieces, last = items
    assert isinstance(last, Completion)
    return [piece for piece in pieces if isinstance(piece, str)], last


async def test_it_has_the_name_it_is_configured_under(model: ChatModel) -> None:
    assert model.name == "mini"


async def test_a_stream_ends_with_the_completion_of_its_pieces(model: ChatModel) -> None:
    pieces, completion = await read(model, Sampling(temperature=1, seed=0, max_tokens=150))

    assert len(pieces) > 1
    assert all(pieces)
    assert "".join(pieces) == completion.text


async def test_streamed_or_not_a_completion_is_the_same(model: ChatModel) -> None:
    _, streamed = await read(model, GREEDY)
    (completed,) = await model.complete(HELLO, GREEDY)

    assert (streamed.text, streamed.finish_reason) == (completed.text, completed.finish_reason)
    assert streamed.usage.completion_tokens == completed.usage.completion_tokens
    assert streamed.usage.prompt_tokens == completed.usage.prompt_tokens > 0


async def test_a_length_that_is_reached_ends_the_completion(model: ChatModel) -> None:
    (completion,) = await model.complete(HELLO, Sampling(temperature=0, max_tokens=3))

    assert completion.finish_reason == "length"
    assert completion.usage.completion_tokens == 3


async def test_a_stop_string_ends_the_completion_and_is_not_in_it(model: ChatModel) -> None:
    (plain,) = await model.complete(HELLO, GREEDY)
    stop = plain.text[4:7]

    pieces, stopped = await read(model, Sampling(temperature=0, max_tokens=30, stop=(stop,)))

    assert stopped.finish_reason == "stop"
    assert stopped.text == "".join(pieces) == plain.text[: plain.text.index(stop)]


async def test_with_a_seed_the_completions_differ_reproducibly(model: ChatModel) -> None:
    sampling = Sampling(temperature=1, seed=11, max_tokens=20)

    first = await model.complete(HELLO, sampling, n=3)
    again = await model.complete(HELLO, sampling, n=3)

    texts = [completion.text for completion in first]
    assert texts == [completion.text for completion in again]
    assert len(set(texts)) == 3


async def test_logprobs_come_with_their_alternatives_best_first(model: ChatModel) -> None:
    (completion,) = await model.complete(HELLO, Sampling(temperature=0, max_tokens=5, logprobs=3))

    assert completion.logprobs is not None
    assert len(completion.logprobs) == 5
    for token in completion.logprobs:
        assert token.logprob <= 0
        assert token.logprob == max(token.top.values())
        assert list(token.top.values()) == sorted(token.top.values(), reverse=True)
        assert len(token.top) <= 3


async def test_streamed_logprobs_are_those_of_the_whole(model: ChatModel) -> None:
    sampling = Sampling(temperature=0, max_tokens=5, logprobs=2)

    _, streamed = await read(model, sampling)
    (completed,) = await model.complete(HELLO, sampling)

    assert streamed.logprobs == completed.logprobs


async def test_without_the_wish_there_are_no_logprobs(model: ChatModel) -> None:
    (completion,) = await model.complete(HELLO, GREEDY)

    assert completion.logprobs is None


async def test_what_was_read_before_is_reported_as_cached(model: ChatModel) -> None:
    question = [Message("user", "keep the even numbers " * 20)]
    await model.complete(question, GREEDY)

    (completion,) = await model.complete(question, GREEDY)

    assert 0 < completion.usage.cached_tokens < completion.usage.prompt_tokens


async def test_a_prompt_over_the_context_is_the_requests_fault(model: ChatModel) -> None:
    endless = [Message("user", "keep the even numbers " * 1000)]

    with pytest.raises(RequestError) as refusal:
        await model.complete(endless, GREEDY)

    assert refusal.value.field == "problem"


async def test_a_stream_over_the_context_is_refused_before_its_first_piece(model: ChatModel) -> None:
    async with aclosing(model.stream([Message("user", "numbers " * 1000)], GREEDY)) as stream:
        with pytest.raises(RequestError):
            await anext(stream)


async def test_many_at_once_are_each_answered(model: ChatModel) -> None:
    (expected,) = await model.complete(HELLO, GREEDY)

    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(model.complete(HELLO, GREEDY)) for _ in range(20)]

    assert {call.result()[0].text for call in calls} == {expected.text}


async def test_a_cancelled_call_ends_at_once(model: ChatModel) -> None:
    call = asyncio.create_task(model.complete(HELLO, Sampling(temperature=1, seed=0, max_tokens=200), n=8))
    await asyncio.sleep(0.02)
    call.cancel()

    async with asyncio.timeout(30):
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await model.complete(HELLO, GREEDY)
