"""An endpoint that requests pass through to, against a real server."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from service.adapters.openai import Patience
from service.adapters.openai.transport import Transport
from service.adapters.openai.upstream import OpenAIUpstream
from service.domain.errors import ModelError
from service.services import UpstreamReply
from tests.openai_server import (
    DONE,
    KEY,
    QUICK,
    STEADY,
    Answering,
    ChatServer,
    break_off,
    chat_server,
    drip,
    event,
    hang,
    hang_up,
    raw,
    refusal,
    reply,
    streamed,
    whole,
)

PATH = "/chat/completions"
BODY = b'{"model": "gpt-4o",  "temperature": 1.0, "\\u0061": [1e2]}'
STRANGE = (
    b'{"choices" : [ {"message":{"tool_calls":[{"function":{"arguments":"{\\"a\\": 1.0}"}}]} } ], "x":1e2}'
)


@asynccontextmanager
async def _open(server: ChatServer, patience: Patience) -> AsyncGenerator[OpenAIUpstream, None]:
    transport = Transport("gpt", [server.base_url], SecretStr(KEY), patience)
    yield OpenAIUpstream(transport, "gpt-4o")
    await transport.aclose()


@pytest.fixture
async def upstream(server: ChatServer) -> AsyncGenerator[OpenAIUpstream, None]:
    async with _open(server, STEADY) as upstream:
        yield upstream


@pytest.fixture
async def impatient(server: ChatServer) -> AsyncGenerator[OpenAIUpstream, None]:
    async with _open(server, QUICK) as upstream:
        yield upstream


async def _read(reply: UpstreamReply) -> bytes:
    return reply.body if isinstance(reply.body, bytes) else b"".join([piece async for piece in reply.body])


async def test_a_body_arrives_byte_for_byte_with_our_key_and_nothing_else(
    server: ChatServer, upstream: OpenAIUpstream
) -> None:
    server.answer(raw(STRANGE))

    async with upstream.post(PATH, BODY) as reply:
        assert await _read(reply) == STRANGE

    assert server.raw_bodies == [BODY]
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert set(server.headers[0]) == {
        "Host",
        "Content-Type",
        "Content-Length",
        "Accept",
        "Accept-Encoding",
        "Authorization",
        "User-Agent",
    }


async def test_a_stream_arrives_byte_for_byte_in_whole_events(
    server: ChatServer, upstream: OpenAIUpstream
) -> None:
    text = f": hello\n\n{event('a')}{event('b')}data: odd\r\n\r\n{DONE}"
    server.answer(streamed(text[:30], text[30:70], text[70:]))

    async with upstream.post(PATH, BODY) as reply:
        assert not isinstance(reply.body, bytes)
        pieces = [piece async for piece in reply.body]

    assert b"".join(pieces).decode() == text
    assert all(piece.endswith((b"\n\n", b"\r\n\r\n")) for piece in pieces)


async def test_a_stream_that_breaks_off_gives_its_whole_events_and_then_fails(
    server: ChatServer, upstream: OpenAIUpstream
) -> None:
    server.answer(break_off)

    async with upstream.post(PATH, BODY) as reply:
        assert not isinstance(reply.body, bytes)
        piece = await anext(reply.body)
        with pytest.raises(ModelError, match="broke off"):
            await anext(reply.body)

    assert piece.decode() == event("Hel")


async def test_an_event_without_an_end_is_given_up(server: ChatServer, upstream: OpenAIUpstream) -> None:
    server.answer(streamed(event("Hel"), "data: " + "x" * 2**21))

    async with upstream.post(PATH, BODY) as reply:
        assert not isinstance(reply.body, bytes)
        with pytest.raises(ModelError, match="an event of the stream is too long"):
            _ = [piece async for piece in reply.body]


async def test_a_last_event_without_its_empty_line_is_passed_on(
    server: ChatServer, upstream: OpenAIUpstream
) -> None:
    server.answer(streamed(event("Hel"), DONE.rstrip()))

    async with upstream.post(PATH, BODY) as reply:
        assert not isinstance(reply.body, bytes)
        assert [piece async for piece in reply.body][-1].endswith(b"data: [DONE]")


async def test_what_the_endpoint_said_of_a_request_is_told_and_not_logged(
    server: ChatServer, upstream: OpenAIUpstream
) -> None:
    server.answer(reply({"error": {"message": "cannot read: print(42)"}}))

    with pytest.raises(ModelError, match=r"print\(42\)") as failure:
        async with upstream.post(PATH, BODY):
            pass

    assert failure.value.loggable == "model 'gpt' (openai endpoint): failed while answering: …"


@pytest.mark.parametrize("answer", [hang, drip])
async def test_leaving_closes_the_connection(
    server: ChatServer, upstream: OpenAIUpstream, answer: Answering
) -> None:
    server.answer(answer)

    async def ask() -> None:
        async with upstream.post(PATH, BODY) as reply:
            await _read(reply)

    async with asyncio.TaskGroup() as group:
        asking = group.create_task(ask())
        await server.asked.wait()
        asking.cancel()

    await asyncio.wait_for(server.hung_up.wait(), 30)


async def test_a_refusal_passes_with_its_status_and_when_to_come_back(
    server: ChatServer, upstream: OpenAIUpstream
) -> None:
    server.answer(
        refusal(429, "slow down", {"retry-after": "7", "x-secret": "1"}, code="rate_limit_exceeded")
    )

    async with upstream.post(PATH, BODY) as reply:
        told = json.loads(await _read(reply))

    assert (reply.status, dict(reply.headers)) == (429, {"retry-after": "7"})
    assert told == {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}
    assert len(server.bodies) == 1


async def test_a_refusal_that_quotes_our_key_is_passed_without_it(
    server: ChatServer, upstream: OpenAIUpstream
) -> None:
    server.answer(refusal(400, f"bad: {KEY}"))

    async with upstream.post(PATH, BODY) as reply:
        body = await _read(reply)

    assert KEY.encode() not in body
    assert b"bad: ***" in body


@pytest.mark.parametrize("body", [b"<html>nginx</html>", b"", b'{"detail": "no"}', b"[]"])
async def test_a_refusal_in_another_dialect_is_told_in_openais(
    server: ChatServer, upstream: OpenAIUpstream, body: bytes
) -> None:
    server.answer(raw(body, 503))

    async with upstream.post(PATH, BODY) as reply:
        told = json.loads(await _read(reply))

    assert reply.status == 503
    assert told["error"]["type"] == "server_error"
    assert "nginx" not in told["error"]["message"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (refusal(401, f"Incorrect API key: {KEY}"), "key was refused"),
        (refusal(403), "key was refused"),
        (raw(b"", 307, {"Location": "http://169.254.169.254/"}), "status 307"),
        (reply({"error": {"message": "out of memory"}}), "out of memory"),
        (raw(b"not json"), "not a JSON object"),
        (hang_up, "cannot be reached"),
    ],
)
async def test_what_is_the_endpoints_own_failure_is_an_error(
    server: ChatServer, upstream: OpenAIUpstream, answer: Answering, says: str
) -> None:
    server.answer(answer)

    with pytest.raises(ModelError, match=says) as failure:
        async with upstream.post(PATH, BODY):
            pass

    assert KEY not in str(failure.value)


async def test_what_a_server_hangs_up_on_is_not_sent_again_whoever_else_there_is() -> None:
    async with chat_server() as first, chat_server() as second:
        first.answer(whole("hi"), hang_up)
        second.answer(whole("hi"), hang_up)
        transport = Transport("gpt", [first.base_url, second.base_url], None, QUICK)
        try:
            async with OpenAIUpstream(transport, "any").post(PATH, BODY) as reply:
                await _read(reply)
            with pytest.raises(ModelError, match="cannot be reached"):
                async with OpenAIUpstream(transport, "any").post(PATH, BODY):
                    pass
        finally:
            await transport.aclose()

    assert len(first.bodies) + len(second.bodies) == 2


async def test_an_endpoint_that_does_not_answer_is_given_up(
    server: ChatServer, impatient: OpenAIUpstream
) -> None:
    server.answer(hang)

    with pytest.raises(ModelError, match="no answer within"):
        async with impatient.post(PATH, BODY):
            pass


async def test_silence_inside_a_stream_has_a_bound(server: ChatServer, impatient: OpenAIUpstream) -> None:
    server.answer(streamed(event("a"), ending=asyncio.sleep(3600)))

    async with impatient.post(PATH, BODY) as reply:
        with pytest.raises(ModelError, match="silent"):
            await _read(reply)


async def test_a_response_that_failed_is_an_answer(server: ChatServer, upstream: OpenAIUpstream) -> None:
    answer = {"object": "response", "output": [], "error": {"message": "no"}}
    server.answer(reply(answer))

    async with upstream.post(PATH, BODY) as found:
        assert json.loads(await _read(found)) == answer


async def test_an_endpoint_that_is_not_there_is_an_error() -> None:
    transport = Transport("gpt", ["http://127.0.0.1:9/v1"], None, QUICK)
    try:
        with pytest.raises(ModelError, match="cannot be reached"):
            async with OpenAIUpstream(transport, "any").post(PATH, BODY):
                pass
    finally:
        await transport.aclose()
