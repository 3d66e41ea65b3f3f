"""Who leaves before the end: a client, which closes the endpoint's connection, or the process itself."""

import asyncio
import json
from collections.abc import Mapping

import aiohttp
import pytest
import structlog

from service.domain.roles import ChatGenerator
from tests.contract.openai_door.doors import AGENT, JSON_BODY, PATH, Doors, open_doors, post
from tests.openai_server import Answering, drip, event, hang, streamed
from tests.unit.api.world import World, until


async def _stall(request: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
    """Say that a stream follows, and no more."""
    response = aiohttp.web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await asyncio.sleep(3600)
    raise AssertionError


async def _drip_events(request: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
    response = aiohttp.web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    while True:
        await response.write(event("x").encode())
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("answer", "stream"),
    [(hang, False), (hang, True), (_stall, True), (_drip_events, True), (drip, False)],
    ids=["whole", "before-headers", "before-the-first-token", "mid-stream", "mid-body"],
)
async def test_a_client_that_leaves_closes_the_endpoints_connection(
    doors: Doors, answer: Answering, stream: bool
) -> None:
    doors.endpoint.answer(answer)

    await _ask_and_leave(doors, {"model": "gpt", "messages": [], "stream": stream}, answer is _drip_events)

    await asyncio.wait_for(doors.endpoint.hung_up.wait(), 30)
    await until(lambda: doors.world.gate.inflight == 0)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_leaves_the_loop_closes_the_endpoints_connection(stream: bool) -> None:
    world = World()
    with structlog.testing.capture_logs():
        async with open_doors(world) as doors:
            generator = ChatGenerator(world.models["gpt"].model)
            world.generator.propose = generator.propose  # type: ignore[method-assign]
            doors.endpoint.answer(hang)
            ask = {"model": "refine", "messages": [{"role": "user", "content": "Add one."}]}

            await _ask_and_leave(doors, ask | {"stream": stream}, stream)

            await asyncio.wait_for(doors.endpoint.hung_up.wait(), 30)
            await until(lambda: world.gate.inflight == 0)


async def _ask_and_leave(doors: Doors, ask: Mapping[str, object], reads: bool) -> None:
    body = json.dumps(ask).encode()
    declared = f"Content-Type: application/json\r\nContent-Length: {len(body)}"
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{declared}\r\n\r\n".encode()
    port = int(doors.url.rsplit(":", 1)[1])

    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head + body)
    await doors.endpoint.asked.wait()
    if reads:
        await reader.readuntil(b"data: ")
    writer.close()
    await writer.wait_closed()


async def test_when_the_process_must_end_a_stream_ends_with_an_error(
    doors: Doors, http: aiohttp.ClientSession
) -> None:
    doors.endpoint.answer(streamed(event("Hel"), ending=asyncio.Event().wait()))
    async with http.post(doors.url + PATH, data=AGENT.encode(), headers=JSON_BODY) as response:
        await response.content.readany()
        doors.app.state.drain.begin(0.05)
        rest = await response.read()

    assert b'"error"' in rest.rsplit(b"data: ", 1)[1]
    assert b"stopping" in rest
    await asyncio.wait_for(doors.endpoint.hung_up.wait(), 30)


async def test_when_the_process_must_end_who_waits_is_sent_elsewhere(
    doors: Doors, http: aiohttp.ClientSession
) -> None:
    doors.endpoint.answer(hang)
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(post(doors, http, AGENT))
        await doors.endpoint.asked.wait()
        doors.app.state.drain.begin(0.05)

    status, headers, answer = asking.result()
    assert (status, headers["Content-Type"]) == (503, "application/json")
    assert b"stopping" in answer
    await asyncio.wait_for(doors.endpoint.hung_up.wait(), 30)
