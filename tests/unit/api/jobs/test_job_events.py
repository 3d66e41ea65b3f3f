"""The events of a durable refinement: all of them, from any one on, as often as a client asks."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from itertools import pairwise

import pytest

from service.adapters.store import MemoryStore
from service.adapters.store.bounds import StoreBounds
from service.api.jobs.desk import POLL_S
from service.domain.chat import Completion, Message, Sampling
from service.services import Bounds
from service.store import Batch, Glance, Lease
from tests.fakes import CORRECT, INCORRECT, FakeChatModel, ScriptedGenerator
from tests.unit.api.jobs.waiting import finished
from tests.unit.api.world import RIGHT, WRONG, Call, Json, World, client_of, events_of, until

ASK = {"problem": "Add one.", "entry_point": "f", "background": True}


async def test_the_events_are_those_of_a_stream_and_can_be_had_again() -> None:
    async with client_of(World().app()) as client:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        first = await client.get(f"/refine/{job_id}/events")
        again = await client.get(f"/refine/{job_id}/events")
        whole = await finished(client, job_id)

    events = events_of(first.text)
    assert first.headers["content-type"].startswith("text/event-stream")
    assert first.text == again.text
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert [event.name for event in events if not event.name.endswith("delta")] == [
        "refinement.created",
        *("round.started", "solution.completed", "critique.completed") * 2,
        "refinement.completed",
    ]
    assert events[0].data["status"] == "queued"
    assert events[-1].data == whole
    written = "".join(event.data["delta"] for event in events if event.name == "solution.delta")
    assert written == WRONG + RIGHT


async def test_deltas_nobody_has_read_yet_become_one() -> None:
    critique = "".join(f"word {number}\n" for number in range(500))
    world = World(critic=FakeChatModel([critique]))
    async with client_of(world.app()) as client:
        job_id = (await client.post("/refine", json=ASK | {"rounds": 0})).json()["id"]
        events = events_of((await client.get(f"/refine/{job_id}/events")).text)

    deltas = [event.data["delta"] for event in events if event.name == "critique.delta"]
    assert "".join(deltas) == critique
    assert len(deltas) < 100


class _Dripping(FakeChatModel):
    """Takes its time over each line."""

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[str | Completion, None]:
        async for piece in super().stream(messages, sampling):
            await asyncio.sleep(0.08)
            yield piece


class _Written(MemoryStore):
    """Counts what is written."""

    writes = 0

    async def write(self, lease: Lease, batch: Batch) -> None:
        self.writes += 1
        await super().write(lease, batch)


async def test_a_text_that_nobody_reads_along_costs_few_writes() -> None:
    store = _Written()
    world = World(store=store, critic=_Dripping(["word\n" * 8]))
    async with client_of(world.app()) as client:
        job_id = (await client.post("/refine", json=ASK | {"rounds": 0})).json()["id"]
        whole = await finished(client, job_id)
        unread = store.writes
        async with client.stream("POST", "/refine", json=ASK | {"rounds": 0, "stream": True}) as response:
            read_along = events_of("".join([piece async for piece in response.aiter_text()]))

    assert whole["status"] == "completed"
    assert unread < 5
    assert sum(event.name == "critique.delta" for event in read_along) > 4


async def test_a_text_that_nobody_reads_along_is_asked_for_whole_and_told_in_one_piece() -> None:
    world = World()
    async with client_of(world.app()) as client:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        await finished(client, job_id)
        events = events_of((await client.get(f"/refine/{job_id}/events")).text)

    deltas = [event.data["delta"] for event in events if event.name == "critique.delta"]
    assert world.critic.streams_begun == 0
    assert deltas == [INCORRECT, CORRECT]


async def test_a_client_that_only_waits_for_the_end_reads_nothing_along() -> None:
    world = World()
    async with client_of(world.app()) as client:
        answer = await client.post("/refine", json=ASK, headers={"Prefer": "wait=20"})

    assert answer.json()["status"] == "completed"
    assert world.critic.streams_begun == 0


async def test_who_follows_reads_the_next_text_as_it_is_written() -> None:
    world, let = World(), asyncio.Event()

    async def wait_to_revise() -> None:
        if world.generator.calls > 1:
            await let.wait()

    world.generator.before = wait_to_revise
    async with client_of(world.app()) as client, asyncio.TaskGroup() as group:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        await until(lambda: world.generator.calls > 1)
        follower = group.create_task(client.get(f"/refine/{job_id}/events"))
        async with asyncio.timeout(20):
            while not (await world.store.look([job_id]))[job_id].reads:  # noqa: ASYNC110 - no event tells it
                await asyncio.sleep(0.01)
        let.set()

    events = events_of(follower.result().text)
    written = "".join(event.data["delta"] for event in events if event.name == "critique.delta")
    assert (world.critic.answers, world.critic.streams_begun) == (2, 1)
    assert written == INCORRECT + CORRECT


async def test_a_stream_that_was_asked_for_is_one_although_nobody_follows() -> None:
    world = World()
    async with client_of(world.app()) as client:
        begun = await client.post("/refine", json=ASK | {"stream": True})

    assert events_of(begun.text)[-1].name == "refinement.completed"
    assert world.critic.streams_begun == 2


@pytest.mark.parametrize(
    ("query", "headers", "after"),
    [
        ("?starting_after=3", {}, 3),
        ("", {"Last-Event-ID": "3"}, 3),
        ("?starting_after=1", {"Last-Event-ID": "4"}, 4),
    ],
)
async def test_a_client_goes_on_after_the_last_event_it_has(
    query: str, headers: dict[str, str], after: int
) -> None:
    async with client_of(World().app()) as client:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        whole = events_of((await client.get(f"/refine/{job_id}/events")).text)
        rest = events_of((await client.get(f"/refine/{job_id}/events{query}", headers=headers)).text)

    assert rest == whole[after:]


async def test_a_client_that_has_everything_is_told_the_end_once_more() -> None:
    """An empty stream would make a browser come back for ever."""
    async with client_of(World().app()) as client:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        whole = events_of((await client.get(f"/refine/{job_id}/events")).text)
        rest = await client.get(f"/refine/{job_id}/events?starting_after={len(whole)}")

    assert events_of(rest.text) == whole[-1:]


@pytest.mark.parametrize("header", ["-1", "x", "1.5", "9" * 400, "9" * 5000, str(2**53), "\u00b2"])
async def test_an_id_that_is_none_is_refused_by_name(header: str) -> None:
    async with client_of(World().app()) as client:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        path = f"/refine/{job_id}/events"
        refusal = await client.get(path, headers={b"Last-Event-ID": header.encode("latin-1")})

    assert refusal.status_code == 422
    assert refusal.json()["errors"][0]["field"] == "Last-Event-ID"


async def test_events_that_are_gone_are_not_passed_over_in_silence() -> None:
    world = World(store=MemoryStore(StoreBounds(max_events=4)))
    async with client_of(world.app()) as client:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        await finished(client, job_id)
        events = events_of((await client.get(f"/refine/{job_id}/events")).text)
        rest = events_of((await client.get(f"/refine/{job_id}/events?starting_after={events[0].id}")).text)

    assert events[0].name == "events.trimmed"
    assert events[0].data["problem"]["status"] == 410
    assert [event.id for event in events[1:]] == list(range(events[0].id + 1, events[0].id + 5))
    assert events[-1].name == "refinement.completed"
    assert rest == events[1:]


async def test_silence_is_filled_with_heartbeats_that_take_no_number() -> None:
    """A client that comes back after a heartbeat must not miss the event that would have had its number."""
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0), bounds=Bounds(heartbeat_s=0.05))
    app = world.app()
    call = Call(app, "/refine", ASK | {"stream": True})
    async with client_of(app), asyncio.TaskGroup() as group:
        group.create_task(call.run())
        await until(lambda: _heartbeats(call) >= 3)
        call.leave()

    events = events_of(b"".join(message.get("body", b"") for message in call.sent).decode())
    told = [event.name for event in events if event.name != "heartbeat"]
    assert told == ["refinement.created", "round.started"]
    for before, event in pairwise(events):
        assert event.id == before.id + (event.name != "heartbeat")


async def test_a_client_may_follow_what_has_not_begun() -> None:
    world = World(bounds=Bounds(max_background=0, heartbeat_s=0.05))
    app = world.app()
    async with client_of(app) as client, asyncio.TaskGroup() as group:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        call = Call(app, f"/refine/{job_id}/events", {}, method="GET")
        group.create_task(call.run())
        await until(lambda: _heartbeats(call) >= 1)
        call.leave()

    assert call.sent[0]["status"] == 200


async def test_many_follow_one_refinement_and_one_too_many_is_turned_away() -> None:
    world = World(bounds=Bounds(max_background=0, max_followers=2))
    app = world.app()
    async with client_of(app) as client, asyncio.TaskGroup() as group:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        calls = [Call(app, f"/refine/{job_id}/events", {}, method="GET") for _ in range(2)]
        for call in calls:
            group.create_task(call.run())
        await until(lambda: all(len(call.sent) > 1 for call in calls))
        refused = await client.get(f"/refine/{job_id}/events")
        await client.delete(f"/refine/{job_id}")

    assert refused.status_code == 503
    assert refused.headers["retry-after"]
    for call in calls:
        assert b"refinement.cancelled" in b"".join(message.get("body", b"") for message in call.sent)


class LookingStore(MemoryStore):
    """Remembers what it was asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.looked: list[str] = []

    async def look(self, job_ids: Sequence[str]) -> Mapping[str, Glance]:
        self.looked += job_ids
        return await super().look(job_ids)


async def test_who_leaves_makes_room_and_what_nobody_follows_is_looked_at_no_longer() -> None:
    store = LookingStore()
    app = World(bounds=Bounds(max_background=0, max_followers=1), store=store).app()
    async with client_of(app) as client, asyncio.TaskGroup() as group:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        for _ in range(3):
            call = Call(app, f"/refine/{job_id}/events", {}, method="GET")
            following = group.create_task(call.run())
            await until(lambda: len(call.sent) > 1 and job_id in store.looked)  # noqa: B023 - awaited here
            call.leave()
            await following
            assert call.sent[0]["status"] == 200
        store.looked.clear()
        await asyncio.sleep(2.5 * POLL_S)

    assert store.looked == []


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"stream": True}, {}),
        ({"background": True}, {"Prefer": "wait=5"}),
        ({"background": False, "stream": True}, {"Idempotency-Key": "k"}),
        ({"background": False}, {"Idempotency-Key": "k"}),
    ],
)
async def test_where_nobody_else_can_follow_nothing_is_begun(body: Json, headers: dict[str, str]) -> None:
    world = World(bounds=Bounds(max_background=0, max_followers=0))
    async with client_of(world.app()) as client:
        refused = await client.post("/refine", json=ASK | body, headers=headers)

    assert refused.status_code == 503
    assert await world.store.waiting() == 0
    assert world.generator.calls == 0


def _heartbeats(call: Call) -> int:
    return sum(b"event: heartbeat" in message.get("body", b"") for message in call.sent)


async def test_text_cannot_break_the_framing() -> None:
    nasty = "x = 1\r\n\r\ndata: forged\u2028event: refinement.completed\n\nid: 99"
    async with client_of(World(generator=ScriptedGenerator([nasty])).app()) as client:
        job_id = (await client.post("/refine", json=ASK | {"rounds": 0})).json()["id"]
        text = (await client.get(f"/refine/{job_id}/events")).text

    events = events_of(text)
    assert text.isascii()
    assert json.loads(json.dumps(events[-1].data))["solution"] == nasty
    assert [event.name for event in events].count("refinement.completed") == 1


async def test_nobody_follows_for_ever_and_whoever_is_sent_away_can_come_back() -> None:
    world = World(bounds=Bounds(max_background=0, follow_s=0.05))
    app = world.app()
    async with client_of(app) as client:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        events = events_of((await client.get(f"/refine/{job_id}/events")).text)

    assert [event.name for event in events] == ["refinement.created", "refinement.interrupted"]
    assert events[-1].id == events[-1].data["last_event_id"] == 1
    assert events[-1].data["resumable"] is True
