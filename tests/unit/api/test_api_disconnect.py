"""A client that leaves takes its work with it."""

import asyncio
from typing import Any

import pytest

from service.services import Bounds
from tests.fakes import FakeChatModel, ScriptedGenerator, ScriptedSandbox
from tests.unit.api.world import TESTS, WRONG, Call, World, until

ASK = {"problem": "Add one.", "entry_point": "f"}


async def _leave_when(world: World, call: Call, condition: Any) -> None:
    async with call.app.router.lifespan_context(call.app), asyncio.TaskGroup() as group:
        running = group.create_task(call.run())
        await until(condition)
        assert world.gate.inflight == 1
        call.leave()
        await asyncio.wait_for(running, 30)


@pytest.mark.parametrize("stream", [False, True])
async def test_leaving_while_the_generator_writes_frees_everything(stream: bool) -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0))
    call = Call(world.app(), "/refine", ASK | {"stream": stream})

    def at_work() -> bool:
        return world.generator.in_flight == 1 and world.metric("ctrl_inflight") == 1

    await _leave_when(world, call, at_work)

    assert world.generator.in_flight == 0
    assert world.gate.inflight == 0
    assert world.metric("ctrl_inflight") == 0
    assert world.metric('ctrl_refinements_total{stop_reason="cancelled"}') == 1
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_leaving_between_rounds_frees_everything(stream: bool) -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=1))
    call = Call(world.app(), "/refine", ASK | {"stream": stream, "candidates": 1})

    await _leave_when(world, call, lambda: world.generator.calls == 2)

    assert world.generator.in_flight == 0
    assert world.critic.streams_open == 0
    assert len(asyncio.all_tasks()) == 1


async def test_leaving_while_the_sandbox_runs_frees_everything() -> None:
    world = World(sandbox=ScriptedSandbox(hangs_on=WRONG))
    call = Call(world.app(), "/judge", ASK | {"tests": TESTS, "solutions": [WRONG]})

    await _leave_when(world, call, lambda: world.sandbox.codes_seen == [WRONG])

    assert world.gate.inflight == 0
    assert call.sent == []
    assert len(asyncio.all_tasks()) == 1


async def test_a_client_that_stays_and_does_not_read_is_dropped() -> None:
    """The loop waits for its reader; the bound on the whole request ends the wait."""
    world = World(
        critic=FakeChatModel(["word " * 5 + "\n"] * 3), bounds=Bounds(request_seconds=0.05, grace_s=0.1)
    )
    call = _Deaf(world.app(), "/refine", ASK | {"stream": True})

    async with call.app.router.lifespan_context(call.app):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(call.run(), 30)

    assert world.gate.inflight == 0
    assert len(asyncio.all_tasks()) == 1


class _Deaf(Call):
    async def _send(self, message: Any) -> None:
        self.sent.append(message)
        if len(self.sent) > 3:
            await asyncio.Event().wait()
