"""What passes through: the client's body to the endpoint, and the endpoint's bytes to the client."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence

import aiohttp
import openai
import pytest
import structlog

from service.domain.chat import Completion, Message, Sampling
from service.services import Bounds, RefineWhen, ServedModel
from tests.contract.openai_door.doors import AGENT, TOOLS, Doors, open_doors, post
from tests.fakes import FakeChatModel
from tests.openai_server import (
    DONE,
    KEY,
    QUICK,
    Answering,
    break_off,
    event,
    hang,
    raw,
    refusal,
    reply,
    streamed,
    whole,
)
from tests.unit.api.world import World

STRANGE = (
    b'{"choices" : [ {"message":{"tool_calls":[{"function":{"arguments":"{\\"a\\": 1.0}"}}]} } ], "x":1e2}'
)


async def test_an_agents_turn_passes_byte_for_byte_both_ways(
    doors: Doors, http: aiohttp.ClientSession
) -> None:
    doors.endpoint.answer(raw(STRANGE))

    status, _, answer = await post(doors, http, AGENT)

    assert (status, answer) == (200, STRANGE)
    (sent,) = doors.endpoint.raw_bodies
    assert sent.decode() == (
        f'{{"model":"gpt-4o","frobnicate":{{"b":[1.0,  1E2]}},"tools":{TOOLS},"messages":[ ]}}'
    )
    assert doors.world.generator.calls == 0


async def test_of_a_member_that_comes_twice_the_last_counts_for_us_and_for_the_endpoint(
    doors: Doors, http: aiohttp.ClientSession
) -> None:
    doors.endpoint.answer(whole("hi"))

    status, _, _ = await post(doors, http, '{"model":"refine","messages":[],"model":"gpt"}')

    assert status == 200
    assert doors.endpoint.raw_bodies == [b'{"model":"gpt-4o","messages":[]}']


async def test_a_client_does_not_choose_whose_part_of_a_prefix_cache_it_reads(
    http: aiohttp.ClientSession,
) -> None:
    async with open_doors(salted=True) as doors:
        doors.endpoint.answer(whole("hi"))

        await post(doors, http, '{"model":"gpt","cache_salt":"another tenant","messages":[]}')

    (sent,) = doors.endpoint.bodies
    assert sent["cache_salt"] not in {"", "another tenant"}


async def test_a_stream_passes_byte_for_byte(doors: Doors, http: aiohttp.ClientSession) -> None:
    text = f": hi\r\n\r\n{event('a', x=1.5)}data:  odd \n\n{event(None, 'tool_calls')}{DONE}"
    doors.endpoint.answer(streamed(text[:25], text[25:]))

    status, headers, answer = await post(doors, http, AGENT)

    assert (status, headers["Content-Type"]) == (200, "text/event-stream")
    assert answer.decode() == text


async def test_nothing_of_the_client_but_its_body_reaches_the_endpoint(
    doors: Doors, http: aiohttp.ClientSession
) -> None:
    doors.endpoint.answer(whole("hi"))
    headers = {
        "Authorization": "Bearer sk-clients-own",
        "X-Request-Id": "mine",
        "Cookie": "a=b",
        "OpenAI-Organization": "org",
        "User-Agent": "an-agent",
    }

    await post(doors, http, AGENT, headers)

    (seen,) = doors.endpoint.headers
    assert seen["Authorization"] == f"Bearer {KEY}"
    assert not {"X-Request-Id", "Cookie", "OpenAI-Organization"} & set(seen)
    assert "an-agent" not in str(seen)


@pytest.mark.parametrize(
    "body",
    [
        '{"model": "gpt", "messages": []}',
        '{"model": "refine", "functions": [{"name": "f"}], "messages": []}',
        '{"model": "refine/mini-generator", "messages": [{"role": "tool", "content": "x"}]}',
        '{"model": "refine", "messages": [{"role": "assistant", "tool_calls": [{}]}, {"role": "user"}]}',
        '{"messages": [], "\\u006dodel": "gpt", "refine": {"rounds": 1}}',
        '{"model": "gpt", "model": "gpt", "n": 3}',
    ],
)
async def test_what_is_not_for_the_loop_reaches_the_model(
    doors: Doors, http: aiohttp.ClientSession, body: str
) -> None:
    doors.endpoint.answer(whole("hi"))

    status, _, _ = await post(doors, http, body)

    assert status == 200
    expected = json.loads(body) | {"model": "gpt-4o"}
    expected.pop("refine", None)
    assert doors.endpoint.bodies == [expected]


@pytest.mark.parametrize(
    ("when", "tools", "refined"),
    [
        (RefineWhen.NEVER, False, False),
        (RefineWhen.NO_TOOLS, False, True),
        (RefineWhen.NO_TOOLS, True, False),
        (RefineWhen.ALWAYS, True, True),
    ],
)
async def test_when_to_refine_is_the_operators_choice(
    http: aiohttp.ClientSession, when: RefineWhen, tools: bool, refined: bool
) -> None:
    body = {"model": "refine", "messages": [{"role": "user", "content": "Add one."}]}
    agents = {"tools": json.loads(TOOLS), "tool_choice": "auto"} if tools else {}
    with structlog.testing.capture_logs():
        async with open_doors(World(bounds=Bounds(refine_when=when))) as doors:
            doors.endpoint.answer(whole("hi"))
            status, _, _ = await post(doors, http, json.dumps(body | agents))

    assert status == 200
    assert len(doors.endpoint.bodies) == (0 if refined else 1)


async def test_what_does_not_end_in_time_is_a_timeout_in_openais_words(http: aiohttp.ClientSession) -> None:
    async with open_doors(World(bounds=Bounds(request_seconds=0.2))) as doors:
        doors.endpoint.answer(hang)
        status, _, answer = await post(doors, http, AGENT)

    assert (status, json.loads(answer)["error"]["code"]) == (504, "deadline_exceeded")


async def test_a_stream_that_does_not_end_in_time_ends_in_an_error(http: aiohttp.ClientSession) -> None:
    async with open_doors(World(bounds=Bounds(request_seconds=0.2))) as doors:
        doors.endpoint.answer(streamed(event("Hel"), ending=asyncio.Event().wait()))
        status, _, answer = await post(doors, http, AGENT)

    (told,) = [block for block in answer.decode().split("\n\n") if '"error"' in block]
    assert status == 200
    assert answer.decode().startswith(event("Hel"))
    assert json.loads(told.removeprefix("data: "))["error"]["code"] == "deadline_exceeded"


class _Silent(FakeChatModel):
    """Falls silent after its first line, or before it."""

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[str | Completion, None]:
        for text in self.texts:
            yield text
        await asyncio.Event().wait()


@pytest.mark.parametrize(("texts", "begun"), [([], False), (["Hel"], True)])
async def test_a_stream_of_a_model_in_this_process_ends_in_time_too(
    http: aiohttp.ClientSession, texts: list[str], begun: bool
) -> None:
    async with open_doors(World(bounds=Bounds(request_seconds=0.2))) as doors:
        doors.world.models["tiny"] = ServedModel(_Silent(texts, name="tiny"))  # type: ignore[index]
        asked = {"model": "tiny", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
        status, _, answer = await post(doors, http, json.dumps(asked))

    last = answer.decode().strip().rsplit("\n\n", 1)[-1].removeprefix("data: ")
    assert status == (200 if begun else 504)
    assert json.loads(last)["error"]["code"] == "deadline_exceeded"


async def test_the_sdk_reads_tool_calls_of_an_agents_turn(doors: Doors) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "read", "arguments": '{"x": 1.0}'}}
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": None, "tool_calls": [call]},
        "finish_reason": "tool_calls",
    }
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "gpt-4o", "choices": [choice]}
    doors.endpoint.answer(reply(body))

    answer = await doors.client.chat.completions.create(
        model="refine",
        messages=[{"role": "user", "content": "Read."}],
        tools=[{"type": "function", "function": {"name": "read", "parameters": {}}}],
    )

    assert answer.choices[0].message.tool_calls is not None
    assert answer.choices[0].message.tool_calls[0].to_dict() == call


async def test_a_refusal_of_the_endpoint_is_the_clients_with_when_to_come_back(doors: Doors) -> None:
    doors.endpoint.answer(refusal(429, "slow down", {"Retry-After": "7"}, code="rate_limit_exceeded"))

    with pytest.raises(openai.RateLimitError) as refused:
        await doors.client.chat.completions.create(model="gpt", messages=[])

    assert refused.value.response.headers["retry-after"] == "7"
    assert refused.value.code == "rate_limit_exceeded"


@pytest.mark.parametrize(("answer", "says"), [(refusal(401, KEY), "key was refused"), (raw(b"<p>"), "JSON")])
async def test_a_failure_of_the_endpoint_is_ours(doors: Doors, answer: Answering, says: str) -> None:
    doors.endpoint.answer(answer)

    with pytest.raises(openai.InternalServerError, match=says) as failed:
        await doors.client.chat.completions.create(model="gpt", messages=[])

    assert (failed.value.status_code, failed.value.code) == (502, "model_failed")
    assert KEY not in str(failed.value)
    assert doors.world.gate.inflight == 0


async def test_an_endpoint_that_does_not_answer_is_our_failure() -> None:
    with structlog.testing.capture_logs():
        async with open_doors(patience=QUICK) as doors:
            doors.endpoint.answer(hang)
            with pytest.raises(openai.InternalServerError, match="no answer") as failed:
                await doors.client.chat.completions.create(model="gpt", messages=[])

    assert (failed.value.status_code, failed.value.code) == (502, "model_failed")


async def test_a_stream_that_breaks_off_ends_with_an_error(doors: Doors) -> None:
    doors.endpoint.answer(break_off)

    stream = await doors.client.chat.completions.create(model="gpt", messages=[], stream=True)
    pieces: list[str | None] = []
    with pytest.raises(openai.APIError, match="broke off"):
        pieces.extend([chunk.choices[0].delta.content async for chunk in stream])


async def test_silence_inside_a_stream_is_filled_with_comments(http: aiohttp.ClientSession) -> None:
    with structlog.testing.capture_logs():
        async with open_doors(World(bounds=Bounds(heartbeat_s=0.02))) as doors:
            doors.endpoint.answer(streamed(event("a"), ending=asyncio.sleep(0.15)))
            _, _, answer = await post(doors, http, '{"model": "gpt", "stream": true}')

    assert b": keepalive\n\n" in answer
    assert answer.replace(b": keepalive\n\n", b"").decode() == event("a")


async def test_calls_and_failures_are_bounded_by_the_gate(http: aiohttp.ClientSession) -> None:
    world = World(max_inflight=1)
    with structlog.testing.capture_logs():
        async with open_doors(world) as doors:
            with world.gate.admit():
                status, headers, _ = await post(doors, http, '{"model": "gpt", "messages": []}')

    assert (status, headers["Retry-After"]) == (503, "2")
    assert doors.endpoint.bodies == []
