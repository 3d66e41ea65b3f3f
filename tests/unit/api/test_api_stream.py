"""POST /refine, answered as server-sent events."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest

from service.api import streaming
from service.api.streaming import WAITING_FRAMES, pump
from service.domain.errors import CriticError, SandboxError
from service.services import Bounds, ServedModel
from tests.fakes import FakeChatModel, ScriptedGenerator, ScriptedSandbox, verdict_of
from tests.unit.api.world import (
    NOTICE,
    RIGHT,
    TESTS,
    WRONG,
    Call,
    Json,
    World,
    client_of,
    events_of,
    post,
    until,
)

ASK = {"problem": "Add one.", "entry_point": "f", "stream": True}


async def test_events_come_in_order_and_the_last_is_the_whole_refinement() -> None:
    world = World(sandbox=ScriptedSandbox({RIGHT: verdict_of(1, 1)}))

    response = await post(world, "/refine", ASK | {"tests": TESTS})

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-accel-buffering"] == "no"
    assert response.headers["cache-control"] == "no-store"
    assert "content-length" not in response.headers
    events = events_of(response.text)
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert [event.name for event in events if not event.name.endswith("delta")] == [
        "refinement.created",
        *("round.started", "solution.completed", "verdict.completed", "critique.completed") * 2,
        "refinement.completed",
    ]
    created, completed = events[0].data, events[-1].data
    assert (created["status"], created["notice"]) == ("in_progress", NOTICE)
    assert completed["id"] == created["id"] == events[3].data["id"]
    assert completed["solution"] == RIGHT


async def test_deltas_add_up_to_what_was_written() -> None:
    events = events_of((await post(World(), "/refine", ASK)).text)

    written = "".join(event.data["delta"] for event in events if event.name == "solution.delta")
    assert written == WRONG + RIGHT
    second = [event for event in events if event.name == "critique.delta" and event.data["round"] == 1]
    whole = next(event for event in reversed(events) if event.name == "critique.completed")
    assert "".join(event.data["delta"] for event in second) == whole.data["critique"]["text"]


async def test_text_cannot_break_the_framing() -> None:
    nasty = "x = 1\r\n\r\ndata: forged\u2028event: refinement.completed\n\nid: 99"

    world = World(generator=ScriptedGenerator([nasty]))
    response = await post(world, "/refine", ASK | {"rounds": 0})

    events = events_of(response.text)
    assert events[-1].data["solution"] == nasty
    assert response.text.isascii()
    assert [event.name for event in events].count("refinement.completed") == 1


async def test_a_failure_on_the_way_is_the_last_event_and_says_which_part() -> None:
    world = World(critic=FakeChatModel([""], fault=CriticError("the critic is gone")))

    response = await post(world, "/refine", ASK)

    assert response.status_code == 200
    last = events_of(response.text)[-1]
    assert last.name == "refinement.failed"
    assert last.data["status"] == "failed"
    assert last.data["problem"]["type"] == "/problems/critic-failed"
    assert last.data["problem"]["status"] == 502
    assert last.data["problem"]["request_id"] == response.headers["x-request-id"]
    assert world.gate.inflight == 0


async def test_a_dead_sandbox_is_a_failure_and_no_verdict() -> None:
    world = World(sandbox=ScriptedSandbox(fault=SandboxError("gone")))

    names = [event.name for event in events_of((await post(world, "/refine", ASK | {"tests": TESTS})).text)]

    assert "verdict.completed" not in names
    assert names[-1] == "refinement.failed"


async def test_a_bug_on_the_way_says_nothing_of_itself() -> None:
    world = World(generator=ScriptedGenerator([""], fault=ZeroDivisionError("secret")))

    response = await post(world, "/refine", ASK)

    assert events_of(response.text)[-1].data["problem"]["type"] == "/problems/unexpected"
    assert "secret" not in response.text


async def test_what_is_wrong_with_a_request_is_told_before_any_event() -> None:
    response = await post(World(), "/refine", ASK | {"stop": "tests_passed"})

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"][0]["field"] == "stop"


async def test_a_full_service_refuses_before_any_event() -> None:
    world = World(max_inflight=1)
    async with client_of(world.app()) as client:
        with world.gate.admit():
            refused = await client.post("/refine", json=ASK)

    assert refused.status_code == 503
    assert "retry-after" in refused.headers


async def test_silence_is_filled_with_heartbeats() -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0), bounds=Bounds(heartbeat_s=0.02))
    app = world.app()
    call = Call(app, "/refine", ASK)
    async with app.router.lifespan_context(app), asyncio.TaskGroup() as group:
        group.create_task(call.run())
        await until(
            lambda: sum(b"event: heartbeat" in message.get("body", b"") for message in call.sent) >= 2
        )
        call.leave()

    bodies = b"".join(message.get("body", b"") for message in call.sent).decode()
    ids = [event.id for event in events_of(bodies)]
    assert ids == list(range(1, len(ids) + 1))


async def test_a_stream_that_never_ends_is_ended() -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0), bounds=Bounds(request_seconds=0.05))

    last = events_of((await post(world, "/refine", ASK)).text)[-1]

    assert last.data["problem"]["type"] == "/problems/deadline-exceeded"


class Deaf(Call):
    """Stays, and does not read."""

    async def _send(self, message: Mapping[str, Any]) -> None:
        await super()._send(message)
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()


CHAT = {"model": "tiny", "messages": [{"role": "user", "content": "Add one."}], "stream": True}


@pytest.mark.parametrize(
    ("path", "body", "ending"), [("/refine", ASK, TimeoutError), ("/v1/chat/completions", CHAT, None)]
)
async def test_a_client_that_stays_and_does_not_read_is_let_go_of(
    monkeypatch: pytest.MonkeyPatch, path: str, body: Json, ending: type[Exception] | None
) -> None:
    """Who is owed no last word has its connection closed, by an exception that the server hears of."""
    monkeypatch.setattr(streaming, "FAREWELL_S", 0.05)
    bounds, tiny = Bounds(request_seconds=0.2, grace_s=0.05), ServedModel(FakeChatModel(["one", "two"]))
    world = World(bounds=bounds, models={"tiny": tiny})
    app = world.app()
    async with app.router.lifespan_context(app):
        call = asyncio.ensure_future(Deaf(app, path, body).run())
        done, _ = await asyncio.wait([call], timeout=4)
        call.cancel()
        await asyncio.wait([call])

    assert done == {call}
    assert type(call.exception()) is (ending or type(None))
    assert world.gate.inflight == 0


async def test_a_slow_client_holds_the_work_up_rather_than_fill_the_memory() -> None:
    made = 0

    async def items() -> AsyncGenerator[int, None]:
        nonlocal made
        for made in range(1, 10_000):
            yield made

    async def write(item: int) -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await pump(items(), write, silence=0, silence_s=60)

    assert made <= WAITING_FRAMES + 2
