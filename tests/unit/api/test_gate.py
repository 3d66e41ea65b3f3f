"""Who gets a place at work, and when."""

import asyncio
from collections.abc import Callable

import pytest

from service import gate as gate_module
from service.adapters.metrics import Metrics
from service.domain.errors import OverloadedError
from service.gate import Gate


async def _hold(gate: Gate, done: asyncio.Event, order: list[str], name: str, seconds: float = 5.0) -> None:
    async with gate.queue(seconds):
        order.append(name)
        await done.wait()


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_waits_gets_the_place_in_turn() -> None:
    gate, order = Gate(1, Metrics()), list[str]()
    done = {name: asyncio.Event() for name in "abc"}
    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(_hold(gate, done[name], order, name))
        await _settle()
        for name in "abc":
            assert order[-1] == name
            assert gate.inflight == 1
            done[name].set()
            await _settle()

    assert (order, gate.inflight) == (["a", "b", "c"], 0)


async def test_a_newcomer_does_not_overtake_who_waits() -> None:
    gate, order, first, second = Gate(1, Metrics()), list[str](), asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_hold(gate, first, order, "first"))
        group.create_task(_hold(gate, second, order, "second"))
        await _settle()
        first.set()
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError), gate.admit():
            pytest.fail("the place is promised")
        second.set()

    assert gate.inflight == 0


async def test_a_wait_has_an_end() -> None:
    gate = Gate(1, Metrics())
    with gate.admit():
        with pytest.raises(OverloadedError, match=r"within 0\.01 s"):
            async with gate.queue(0.01):
                pytest.fail("there is no place")
        assert gate.inflight == 1

    assert gate.inflight == 0


async def test_no_more_wait_than_may_and_who_has_left_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "_MAX_WAITING", 1)
    gate, done = Gate(1, Metrics()), asyncio.Event()
    with gate.admit():
        leaver = asyncio.ensure_future(_hold(gate, done, [], "leaver"))
        await _settle()
        with pytest.raises(OverloadedError, match="1 requests wait already"):
            async with gate.queue(5.0):
                pytest.fail("there is no place")
        leaver.cancel()
        await _settle()
        with pytest.raises(OverloadedError, match=r"within 0\.01 s"):
            async with gate.queue(0.01):
                pytest.fail("there is no place")


@pytest.mark.parametrize("given", [False, True])
async def test_who_leaves_the_queue_takes_no_place_along(given: bool) -> None:
    gate, order, done = Gate(1, Metrics()), list[str](), asyncio.Event()
    held = gate.admit()
    held.__enter__()
    leaver = asyncio.ensure_future(_hold(gate, done, order, "leaver"))
    stayer = asyncio.ensure_future(_hold(gate, done, order, "stayer"))
    await _settle()
    free: Callable[[], object] = lambda: held.__exit__(None, None, None)  # noqa: E731
    if given:
        free()
        leaver.cancel()
    else:
        leaver.cancel()
        await _settle()
        free()
    await _settle()

    assert (order, gate.inflight) == (["stayer"], 1)
    done.set()
    await stayer
    assert gate.inflight == 0
