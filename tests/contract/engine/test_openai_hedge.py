"""A call that is late is copied to another server; the first answer is taken, and the other call ends."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from service.adapters.openai import OpenAIModel, Patience
from service.domain.chat import Completion
from service.domain.errors import ModelError
from tests.openai_server import (
    DONE,
    HI,
    PLAIN,
    QUICK,
    STEADY,
    ChatServer,
    chat_server,
    event,
    hang,
    refusal,
    streamed,
    whole,
)

HEDGED = replace(STEADY, hedge_s=0.05)


@pytest.fixture
async def servers() -> AsyncGenerator[list[ChatServer], None]:
    """The first is where a call about `HI` goes; ports, and with them homes, are drawn in every run."""
    async with AsyncExitStack() as stack:
        both = [await stack.enter_async_context(chat_server()) for _ in range(2)]
        for server in both:
            server.answer(whole("found"))
        async with opened(both, STEADY) as model:
            await model.complete(HI, PLAIN)
        both.sort(key=lambda server: -len(server.bodies))
        for server in both:
            server.answers.clear()
            server.bodies.clear()
        yield both


def opened(servers: list[ChatServer], patience: Patience) -> OpenAIModel:
    return OpenAIModel("gpt", [server.base_url for server in servers], "m", patience=patience)


async def test_the_copy_of_a_late_call_answers_and_the_late_one_is_hung_up_on(
    servers: list[ChatServer],
) -> None:
    servers[0].answer(hang)
    servers[1].answer(whole("hello"))

    async with opened(servers, HEDGED) as model:
        (completion,) = await model.complete(HI, PLAIN)

        await asyncio.wait_for(servers[0].hung_up.wait(), 10)
    assert completion.text == "hello"
    assert [len(server.bodies) for server in servers] == [1, 1]
    assert servers[0].bodies == servers[1].bodies


async def test_a_stream_that_does_not_begin_is_copied_too(servers: list[ChatServer]) -> None:
    servers[0].answer(hang)
    servers[1].answer(streamed(event("Hel"), event("lo", "stop"), DONE))

    async with opened(servers, HEDGED) as model:
        pieces = [piece async for piece in model.stream(HI, PLAIN)]

        await asyncio.wait_for(servers[0].hung_up.wait(), 10)
    assert "".join(piece for piece in pieces if not isinstance(piece, Completion)) == "Hello"


async def test_a_call_that_is_answered_in_time_is_not_copied(servers: list[ChatServer]) -> None:
    for server in servers:
        server.answer(whole("hello"))

    async with opened(servers, replace(STEADY, hedge_s=30.0)) as model:
        await model.complete(HI, PLAIN)

    assert [len(server.bodies) for server in servers] == [1, 0]


async def test_a_copy_that_is_refused_does_not_end_the_call(servers: list[ChatServer]) -> None:
    late = asyncio.Event()

    async def answer_late(request: object) -> object:
        await late.wait()
        return await whole("hello")(request)  # type: ignore[arg-type]

    async def refuse(request: object) -> object:
        asyncio.get_running_loop().call_later(0.05, late.set)
        return await refusal(503)(request)  # type: ignore[arg-type]

    servers[0].answer(answer_late)  # type: ignore[arg-type]
    servers[1].answer(refuse)  # type: ignore[arg-type]

    async with opened(servers, HEDGED) as model:
        (completion,) = await model.complete(HI, PLAIN)

    assert completion.text == "hello"
    assert [len(server.bodies) for server in servers] == [1, 1]


async def test_of_two_answers_at_once_one_is_taken_and_none_left_open(servers: list[ChatServer]) -> None:
    both = asyncio.Barrier(2)

    async def answer_together(request: object) -> object:
        await both.wait()
        return await whole("hello")(request)  # type: ignore[arg-type]

    for server in servers:
        server.answer(answer_together)  # type: ignore[arg-type]

    async with opened(servers, HEDGED) as model:
        (completion,) = await model.complete(HI, PLAIN)

        assert completion.text == "hello"
        assert [replica.inflight for replica in model.transport._replicas] == [0, 0]  # noqa: SLF001


async def test_a_caller_that_leaves_frees_both_servers(servers: list[ChatServer]) -> None:
    for server in servers:
        server.answer(hang)

    async with opened(servers, HEDGED) as model:
        call = asyncio.create_task(model.complete(HI, PLAIN))
        await asyncio.wait_for(servers[1].asked.wait(), 10)
        call.cancel()

        for server in servers:
            await asyncio.wait_for(server.hung_up.wait(), 10)
    assert call.cancelled()


async def test_where_nobody_answers_the_first_failure_is_told(servers: list[ChatServer]) -> None:
    for server in servers:
        server.answer(hang)

    async with opened(servers, replace(QUICK, hedge_s=0.05, attempts=1)) as model:
        with pytest.raises(ModelError, match=r"no answer within 0\.3 s"):
            await model.complete(HI, PLAIN)
