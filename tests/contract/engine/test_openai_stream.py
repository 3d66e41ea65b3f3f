"""Streamed answers: whole, broken, silent, and no longer wanted."""

import asyncio
import json
from contextlib import aclosing

import pytest
from aiohttp import web

from service.adapters.openai import OpenAIModel, Patience
from service.domain.chat import Completion
from service.domain.errors import ModelError
from tests.openai_server import (
    DONE,
    HI,
    PLAIN,
    ChatServer,
    break_off,
    drip,
    event,
    hang,
    refusal,
    streamed,
    whole,
)


def patient(server: ChatServer, patience: Patience | None = None) -> OpenAIModel:
    return OpenAIModel("gpt", server.base_url, "gpt-4o", patience=patience)


async def read(model: OpenAIModel) -> list[str | Completion]:
    async with aclosing(model.stream(HI, PLAIN)) as stream:
        return [item async for item in stream]


async def test_a_stream_gives_pieces_then_the_whole_with_usage(
    server: ChatServer, model: OpenAIModel
) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    last = f"data: {json.dumps({'choices': [], 'usage': usage})}\n\n"
    server.answer(streamed(": hi\n\n", event("Hel"), event("lo"), event(None, "stop"), last, DONE))

    *pieces, completion = await read(model)

    assert "".join(map(str, pieces)) == "Hello"
    assert isinstance(completion, Completion)
    assert completion.text == "Hello"
    assert completion.usage.completion_tokens == 2
    assert server.bodies[0]["stream_options"] == {"include_usage": True}


async def test_the_connection_of_a_stream_that_ended_well_is_used_again(
    server: ChatServer, model: OpenAIModel
) -> None:
    peers = set()

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return await streamed(event("Hello", "stop"), DONE, ending=asyncio.sleep(0.03))(request)

    server.answer(answer)
    for _ in range(5):
        await read(model)

    assert len(peers) < 5  # a machine that is held up may lose one


async def test_after_its_last_word_a_stream_without_an_end_is_left(server: ChatServer) -> None:
    server.answer(streamed(event("Hello", "stop"), DONE, ending=asyncio.Event().wait()))

    async with patient(server) as model, asyncio.timeout(30):
        assert (await read(model))[0] == "Hello"


BROKEN_STREAMS = {
    "it ends too early": ([event("Hel")], "ended before"),
    "done without an end": ([event("Hel"), DONE], "ended before"),
    "garbage": ([event("Hel"), "data: {oops\n\n"], "not a chat completion"),
    "an error": ([event("Hel"), 'data: {"error": {"message": "CUDA"}}\n\n'], "CUDA"),
    "an endless event": ([event("Hel"), "data: " + "x" * 2**21], "too long"),
}


@pytest.mark.parametrize("case", BROKEN_STREAMS)
async def test_a_stream_that_breaks_is_an_error_and_is_not_tried_again(
    server: ChatServer, model: OpenAIModel, case: str
) -> None:
    chunks, complaint = BROKEN_STREAMS[case]
    server.answer(streamed(*chunks))

    with pytest.raises(ModelError, match=complaint):
        await read(model)

    assert len(server.bodies) == 1


async def test_a_connection_that_breaks_mid_stream_is_not_tried_again(
    server: ChatServer, model: OpenAIModel
) -> None:
    server.answer(break_off)

    with pytest.raises(ModelError):
        await read(model)

    assert len(server.bodies) == 1


async def test_a_stream_that_falls_silent_is_given_up(server: ChatServer, impatient: OpenAIModel) -> None:
    server.answer(streamed(event("Hel"), ending=asyncio.sleep(5)))

    with pytest.raises(ModelError, match=r"silent for 0\.2 s"):
        await read(impatient)

    async with asyncio.timeout(30):
        await server.hung_up.wait()


async def test_a_stream_that_drips_is_ended_by_the_deadline(server: ChatServer) -> None:
    server.answer(drip)

    async with patient(server, Patience(total_s=0.3)) as model, asyncio.timeout(30):
        with pytest.raises(ModelError, match="deadline"):
            await read(model)


async def test_a_cancelled_call_hangs_up(server: ChatServer) -> None:
    server.answer(hang)
    async with patient(server) as model:
        call = asyncio.create_task(model.complete(HI, PLAIN))
        await server.asked.wait()

        call.cancel()

        async with asyncio.timeout(30):
            await server.hung_up.wait()


async def test_a_closed_stream_hangs_up(server: ChatServer) -> None:
    server.answer(streamed(event("Hel"), ending=asyncio.sleep(5)))
    async with patient(server) as model:
        async with aclosing(model.stream(HI, PLAIN)) as stream:
            assert await anext(stream) == "Hel"

        async with asyncio.timeout(30):
            await server.hung_up.wait()


async def test_when_one_of_several_calls_fails_the_others_are_hung_up(server: ChatServer) -> None:
    server.answer(whole("first"), hang, refusal(501), hang)
    async with patient(server) as model, asyncio.timeout(30):
        with pytest.raises(ModelError, match="status 501"):
            await model.complete(HI, PLAIN, n=3)

        await server.hung_up.wait()


async def test_events_that_come_apart_go_on_apart(server: ChatServer) -> None:
    heard = asyncio.Event()

    async def the_rest(request: web.Request) -> web.StreamResponse:
        response = await streamed(event("Hel"))(request)
        await heard.wait()
        await response.write((event("lo") + event(None, "stop") + DONE).encode())
        return response

    server.answer(the_rest)

    async with patient(server) as model, aclosing(model.stream(HI, PLAIN)) as stream:
        assert await anext(stream) == "Hel"
        heard.set()
        assert await anext(stream) == "lo"


async def test_an_answer_in_one_piece_may_take_longer_than_a_stream_takes_to_begin(
    server: ChatServer,
) -> None:
    async def late(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.2)
        return await whole("Hello")(request)

    server.answer(late)
    async with patient(server, Patience(attempts=1, first_byte_s=0.05, whole_s=5.0)) as model:
        assert [each.text for each in await model.complete(HI, PLAIN)] == ["Hello"]
        with pytest.raises(ModelError, match=r"no answer within 0\.05 s"):
            await read(model)


async def test_events_that_follow_quickly_are_gathered_until_the_end_and_no_longer(
    server: ChatServer,
) -> None:
    heard = asyncio.Event()

    async def the_rest(request: web.Request) -> web.StreamResponse:
        response = await streamed(event("a"))(request)
        await heard.wait()
        for piece in "bcdef":
            await response.write(event(piece).encode())
            await asyncio.sleep(0.01)
        await response.write((event(None, "stop") + DONE).encode())
        return response

    server.answer(the_rest)

    patience = Patience(gather_s=60.0)
    async with patient(server, patience) as model, aclosing(model.stream(HI, PLAIN)) as stream:
        assert await anext(stream) == "a"
        heard.set()
        async with asyncio.timeout(30):
            assert await anext(stream) == "bcdef"
            assert isinstance(await anext(stream), Completion)
