"""Slots: bounded, fair between tenants, never given to those who cannot use them."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sandbox_runner.admission.queue import Admission, BusyError, DrainingError, Ticket, TooLateError
from sandbox_runner.admission.slots import BRIEF_S, Slots
from sandbox_runner.metrics import Metrics
from tests.unit.sandbox.api_client import CALL, api_client
from tests.unit.sandbox.fake_sandbox import FakeJudge


def _admission(concurrency: int = 1, queue_size: int = 100) -> Admission:
    return Admission(Slots.of(concurrency), queue_size, patient_queue_size=100, metrics=Metrics())


@asynccontextmanager
async def _full(admission: Admission) -> AsyncIterator[None]:
    async with admission.slot(Ticket("holder")):
        yield


async def _settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def _hold(admission: Admission, seconds: float) -> None:
    async with admission.slot(Ticket()):
        await asyncio.sleep(seconds)


async def _most_at_once(admission: Admission, holds: list[float]) -> int:
    """Let so many come together, each hold a slot for so long, and count those who hold one."""
    inside = most = 0

    async def work(seconds: float) -> None:
        nonlocal inside, most
        async with admission.slot(Ticket()):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(seconds)
            inside -= 1

    async with asyncio.TaskGroup() as group:
        for seconds in holds:
            group.create_task(work(seconds))
    return most


async def test_one_more_is_let_in_where_all_are_brief() -> None:
    admission = Admission(Slots(2, spare=1), 100, 100, Metrics())
    await _hold(admission, 0)

    assert await _most_at_once(admission, [0.001] * 20) == 3


async def test_none_is_added_beside_one_that_takes_long() -> None:
    admission = Admission(Slots(2, spare=1), 100, 100, Metrics())
    await _hold(admission, 0)

    async with asyncio.TaskGroup() as group:
        group.create_task(_hold(admission, 4 * BRIEF_S))
        await asyncio.sleep(2 * BRIEF_S)
        assert await _most_at_once(admission, [0.001] * 20) == 1


async def test_none_is_added_where_the_last_took_long_or_none_has_ended_yet() -> None:
    admission = Admission(Slots(2, spare=1), 100, 100, Metrics())
    assert await _most_at_once(admission, [0.001] * 3) == 2

    for _ in range(3):
        await _hold(admission, 5 * BRIEF_S)
    assert await _most_at_once(admission, [0.001] * 3) == 2


async def test_a_number_that_was_asked_for_is_kept() -> None:
    admission = Admission(Slots.of(2), 100, 100, Metrics())
    await _hold(admission, 0)

    assert await _most_at_once(admission, [0.001] * 20) == 2


async def test_tenants_who_wait_are_served_in_turn() -> None:
    admission = _admission()
    served: list[str] = []

    async def work(tenant: str) -> None:
        async with admission.slot(Ticket(tenant)):
            served.append(tenant)

    async with asyncio.TaskGroup() as group, _full(admission):
        for tenant in ["greedy", "greedy", "greedy", "modest", "other"]:
            group.create_task(work(tenant))
        await _settle()

    assert served == ["greedy", "modest", "other", "greedy", "greedy"]


async def test_who_leaves_while_waiting_takes_no_slot_along() -> None:
    admission = _admission()

    async def work() -> None:
        async with admission.slot(Ticket()):
            pass

    async with asyncio.TaskGroup() as group, _full(admission):
        leaving = group.create_task(work())
        staying = group.create_task(work())
        await _settle()
        leaving.cancel()

    assert staying.done()
    async with admission.slot(Ticket()):
        pass


async def test_who_is_cancelled_as_the_slot_comes_hands_it_on() -> None:
    admission = _admission()

    async def work() -> None:
        async with admission.slot(Ticket()):
            pass

    async with asyncio.TaskGroup() as group:
        async with _full(admission):
            first = group.create_task(work())
            second = group.create_task(work())
            await _settle()
        first.cancel()

    assert first.cancelled()
    assert second.done()


async def test_a_full_queue_turns_the_impatient_away_only() -> None:
    admission = _admission(queue_size=0)
    async with asyncio.TaskGroup() as group, _full(admission):
        waiting = group.create_task(_enter(admission, Ticket(patient=True)))
        await _settle()
        with pytest.raises(BusyError):
            await _enter(admission, Ticket())
        assert not waiting.done()


async def test_so_many_wait_and_no_more() -> None:
    metrics = Metrics()
    admission = Admission(Slots.of(1), 1, 1, metrics)
    async with _full(admission):
        for _ in range(2):  # who has left takes no room
            waiting = asyncio.ensure_future(_enter(admission, Ticket()))
            await _settle()
            with pytest.raises(BusyError):
                await _enter(admission, Ticket())
            assert b"ctrl_queue_depth 1.0" in metrics.page(None)
            waiting.cancel()
            await _settle()
        assert b"ctrl_queue_depth 0.0" in metrics.page(None)


async def test_who_comes_after_its_deadline_gets_no_slot_that_is_free() -> None:
    with pytest.raises(TooLateError):
        await _enter(_admission(), Ticket(deadline=time.monotonic() - 1))


@pytest.mark.parametrize(
    ("others", "own", "slots_ahead"),
    [({"other": 1}, 0, 1), ({"other": 3}, 0, 1), ({"other": 1}, 2, 3), ({"other": 3, "third": 1}, 1, 4)],
)
async def test_who_cannot_be_served_in_time_does_not_wait(
    others: dict[str, int], own: int, slots_ahead: int
) -> None:
    slots = Slots.of(1)
    slots.mean_hold_s = 10
    admission = Admission(slots, 100, 100, Metrics())
    async with _full(admission):
        ahead = [tenant for tenant, number in (others | {"mine": own}).items() for _ in range(number)]
        waiting = [asyncio.ensure_future(_enter(admission, Ticket(tenant))) for tenant in ahead]
        await _settle()
        arrived = time.monotonic()
        with pytest.raises(TooLateError):
            await _enter(admission, Ticket("mine", deadline=arrived + 10 * slots_ahead - 2))
        assert time.monotonic() < arrived + 1
        for deadline, patient in ((arrived + 5, True), (arrived + 10 * slots_ahead + 2, False)):
            hopeful = asyncio.ensure_future(_enter(admission, Ticket("mine", deadline, patient=patient)))
            await _settle()
            assert not hopeful.done()
            hopeful.cancel()
            await _settle()
        for each in waiting:
            each.cancel()


async def test_a_slot_that_does_not_come_in_time_is_given_up() -> None:
    admission = _admission()
    async with _full(admission):
        with pytest.raises(TooLateError):
            await _enter(admission, Ticket(deadline=time.monotonic() + 0.01, patient=True))
    await _enter(admission, Ticket())


async def test_draining_waits_for_those_inside_and_lets_nobody_in() -> None:
    admission = _admission()
    async with asyncio.TaskGroup() as group, _full(admission):
        waiting = group.create_task(_enter(admission, Ticket()))
        await _settle()
        draining = group.create_task(admission.drain(10))
        await _settle()
        assert not draining.done()
        with pytest.raises(DrainingError):
            await _enter(admission, Ticket())

    assert waiting.done()
    assert draining.result()


async def test_who_drains_before_any_work_waits_for_nobody_and_takes_no_batch() -> None:
    admission = _admission()

    assert await admission.drain(10)
    with pytest.raises(DrainingError):
        admission.refuse_if_full()


async def test_who_is_inside_is_counted() -> None:
    metrics = Metrics()
    admission = Admission(Slots.of(1), 100, 100, metrics)
    pages = []
    async with admission.slot(Ticket()):
        pages.append(metrics.page(None))
    pages.append(metrics.page(None))

    assert [b"ctrl_inflight 1.0" in page for page in pages] == [True, False]


async def test_draining_does_not_wait_for_ever() -> None:
    admission = _admission()
    async with _full(admission):
        assert not await admission.drain(0.01)


async def test_a_deadline_in_the_header_or_the_body_is_answered_504_with_when_to_come_back() -> None:
    judge = FakeJudge(gate=asyncio.Event())
    async with api_client(judge, concurrency=1) as client, asyncio.TaskGroup() as group:
        group.create_task(client.post("/judge", json=CALL))
        await judge.arrived.wait()
        by_header = await client.post("/judge", json=CALL, headers={"X-Deadline-S": "0.01"})
        by_body = await client.post("/judge", json=CALL | {"deadline_s": 0.01})
        senseless = await client.post("/judge", json=CALL, headers={"X-Deadline-S": "soon"})
        page = (await client.get("/metrics")).text
        assert judge.gate is not None
        judge.gate.set()

    for late in (by_header, by_body):
        assert (late.status_code, late.json()["type"]) == (504, "/problems/too-late")
        assert late.headers["retry-after"] == "1"
    assert senseless.json()["errors"][0]["field"] == "X-Deadline-S"
    assert 'ctrl_refused_total{reason="too_late"} 2.0' in page


async def test_a_batch_that_finds_the_queue_full_is_turned_away_as_a_whole() -> None:
    judge = FakeJudge(gate=asyncio.Event())
    async with api_client(judge, concurrency=1, queue_size=0) as client, asyncio.TaskGroup() as group:
        group.create_task(client.post("/judge", json=CALL))
        await judge.arrived.wait()
        response = await client.post("/judge/batch", json={"submissions": [CALL]})
        page = (await client.get("/metrics")).text
        assert judge.gate is not None
        judge.gate.set()

    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert 'ctrl_refused_total{reason="busy"} 1.0' in page


async def test_a_batch_that_finds_room_to_wait_is_not() -> None:
    judge = FakeJudge(gate=asyncio.Event())
    async with api_client(judge, concurrency=1, queue_size=1) as client, asyncio.TaskGroup() as group:
        group.create_task(client.post("/judge", json=CALL))
        await judge.arrived.wait()
        batch = group.create_task(client.post("/judge/batch", json={"submissions": [CALL]}))
        await _settle()
        assert judge.gate is not None
        judge.gate.set()

    assert batch.result().status_code == 200


async def _enter(admission: Admission, ticket: Ticket) -> None:
    async with admission.slot(ticket):
        pass
