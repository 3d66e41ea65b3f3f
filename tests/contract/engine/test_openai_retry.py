"""What is worth another attempt, and how many."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from service.adapters.openai import OpenAIModel
from service.domain.chat import Completion
from service.domain.errors import ModelError
from tests.openai_server import (
    DONE,
    HI,
    PLAIN,
    QUICK,
    ChatServer,
    chat_server,
    event,
    hang,
    hang_up,
    refusal,
    streamed,
    whole,
)


async def read(model: OpenAIModel) -> list[str | Completion]:
    async with aclosing(model.stream(HI, PLAIN)) as stream:
        return [item async for item in stream]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_passing_failure_is_tried_again(server: ChatServer, model: OpenAIModel, status: int) -> None:
    server.answer(refusal(status), refusal(status), whole("hello"))

    (completion,) = await model.complete(HI, PLAIN)

    assert completion.text == "hello"
    assert len(server.bodies) == 3


async def test_a_stream_is_tried_again_before_its_first_piece(server: ChatServer, model: OpenAIModel) -> None:
    server.answer(refusal(503), streamed(event("Hello", "stop"), DONE))

    pieces = await read(model)

    assert pieces[0] == "Hello"


@pytest.mark.parametrize("status", [400, 401, 404, 418, 501])
async def test_a_lasting_failure_is_not_tried_again(
    server: ChatServer, model: OpenAIModel, status: int
) -> None:
    server.answer(refusal(status), whole("hello"))

    with pytest.raises(ModelError, match=f"status {status}") as failure:
        await model.complete(HI, PLAIN)

    assert len(server.bodies) == 1
    assert failure.value.passing is (status >= 500)


async def test_an_exhausted_quota_is_not_tried_again(server: ChatServer, model: OpenAIModel) -> None:
    server.answer(refusal(429, code="insufficient_quota"), whole("hello"))

    with pytest.raises(ModelError, match="429"):
        await model.complete(HI, PLAIN)

    assert len(server.bodies) == 1


async def test_the_server_says_how_long_to_wait(server: ChatServer, model: OpenAIModel) -> None:
    server.answer(refusal(429, headers={"Retry-After": "0.3"}), whole("hello"))
    began = asyncio.get_running_loop().time()

    await model.complete(HI, PLAIN)

    assert asyncio.get_running_loop().time() - began >= 0.3


@pytest.mark.parametrize(("longest_wait_s", "total_s"), [(1.0, 600.0), (600.0, 1.0)])
async def test_a_server_that_asks_for_too_long_a_wait_is_given_up(
    server: ChatServer, longest_wait_s: float, total_s: float
) -> None:
    server.answer(refusal(429, headers={"Retry-After": "60"}), whole("hello"))

    patience = replace(QUICK, longest_wait_s=longest_wait_s, total_s=total_s)
    async with OpenAIModel("gpt", server.base_url, "m", patience=patience) as model, asyncio.timeout(30):
        with pytest.raises(ModelError, match="429"):
            await model.complete(HI, PLAIN)


async def test_attempts_are_bounded(server: ChatServer, model: OpenAIModel) -> None:
    server.answer(refusal(503))

    with pytest.raises(ModelError, match="503"):
        await model.complete(HI, PLAIN)

    assert len(server.bodies) == QUICK.attempts


async def test_a_dropped_connection_is_tried_again(server: ChatServer, model: OpenAIModel) -> None:
    server.answer(hang_up, whole("hello"))

    assert (await model.complete(HI, PLAIN))[0].text == "hello"


async def test_what_servers_hang_up_on_is_sent_as_often_as_anything_else() -> None:
    async with chat_server() as first, chat_server() as second:
        first.answer(hang_up)
        second.answer(hang_up)
        async with OpenAIModel("gpt", [first.base_url, second.base_url], "m", patience=QUICK) as model:
            with pytest.raises(ModelError, match="cannot be reached"):
                await model.complete(HI, PLAIN)

    assert len(first.bodies) + len(second.bodies) == QUICK.attempts


async def test_a_server_that_is_not_there_is_an_error() -> None:
    async with OpenAIModel("gpt", "http://127.0.0.1:1/v1", "m", patience=QUICK) as model:
        with pytest.raises(ModelError, match="cannot be reached"):
            await model.complete(HI, PLAIN)


async def test_a_server_that_speaks_no_http_is_an_error() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail ready\r\n")
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        async with OpenAIModel("gpt", url, "m", patience=QUICK) as model:
            with pytest.raises(ModelError, match="its answer is not HTTP"):
                await model.complete(HI, PLAIN)


async def test_a_server_that_does_not_answer_is_given_up(server: ChatServer, impatient: OpenAIModel) -> None:
    server.answer(hang)

    with pytest.raises(ModelError, match=r"no answer within 0\.3 s"):
        await impatient.complete(HI, PLAIN)

    assert len(server.bodies) == 1
