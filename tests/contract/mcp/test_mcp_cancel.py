"""A call that nobody waits for any more ends at once."""

import asyncio

import httpx
import pytest

from tests.contract.mcp.calling import ASK, ERAS, INITIALIZE, answer_of, by_hand, call, calling, message
from tests.fakes import ScriptedGenerator, ScriptedSandbox
from tests.unit.api.world import WRONG, World, until


def _hanging() -> World:
    """Build a world whose first revision never ends."""
    return World(generator=ScriptedGenerator([WRONG], hangs_at=1))


@pytest.mark.parametrize("era", ERAS)
async def test_cancelling_a_call_ends_its_refinement(era: str) -> None:
    world = _hanging()
    async with calling(world, era) as client:
        async with asyncio.TaskGroup() as group:
            calling_it = group.create_task(client.call_tool("refine_code", ASK))
            await until(lambda: world.generator.calls == 2)
            calling_it.cancel()
        await until(lambda: world.gate.inflight == 0)

        assert world.generator.in_flight == 0
        assert world.metric('ctrl_refinements_total{stop_reason="cancelled"}') == 1
        assert (await client.list_tools()).tools


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("judge_code", ASK | {"solutions": [WRONG]}), ("run_code", {"code": WRONG})],
)
async def test_a_client_that_leaves_takes_its_call_along(tool: str, arguments: dict[str, object]) -> None:
    world = World(sandbox=ScriptedSandbox(hangs_on=WRONG))
    arguments = arguments | ({"tests": [{"args": [3], "expected": 4}]} if tool == "judge_code" else {})
    async with by_hand(world) as client:
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(client.post("/mcp", json=call(tool, arguments)))
            await until(lambda: world.sandbox.codes_seen == [WRONG])
            asking.cancel()
        await until(lambda: world.gate.inflight == 0)


async def _session(client: httpx.AsyncClient) -> dict[str, str]:
    answer = await client.post("/mcp", json=INITIALIZE)
    return {"mcp-session-id": answer.headers["mcp-session-id"], "mcp-protocol-version": "2025-06-18"}


async def test_a_cancellation_by_another_request_ends_the_call_whose_stream_is_open() -> None:
    """Clients of the handshake's time leave the stream open, and say that they no longer wait."""
    world = _hanging()
    async with by_hand(world) as client:
        session = await _session(client)
        async with asyncio.TaskGroup() as group:
            post = client.post("/mcp", json=call("refine_code", ASK, 7), headers=session)
            waiting = group.create_task(post)
            await until(lambda: world.generator.calls == 2)
            note = message("notifications/cancelled", {"requestId": 7, "reason": "the user pressed escape"})
            noted = await client.post("/mcp", json=note, headers=session)
            await until(lambda: world.gate.inflight == 0)

    assert noted.status_code == 202
    assert world.generator.in_flight == 0
    assert answer_of(waiting.result())["error"]["code"] == -32800


async def test_nobody_cancels_anothers_call() -> None:
    world = _hanging()
    async with by_hand(world) as client:
        mine, other = await _session(client), await _session(client)
        note = message("notifications/cancelled", {"requestId": 7})
        async with asyncio.TaskGroup() as group:
            post = client.post("/mcp", json=call("refine_code", ASK, 7), headers=mine)
            waiting = group.create_task(post)
            await until(lambda: world.generator.calls == 2)
            for headers in (other, {}, {"mcp-session-id": "*"}):
                assert (await client.post("/mcp", json=note, headers=headers)).status_code == 202
            assert world.generator.in_flight == 1
            await client.post("/mcp", json=note, headers=mine)

    assert mine != other
    assert "error" in answer_of(waiting.result())


async def test_another_replica_answers_a_session_it_has_never_seen() -> None:
    async with by_hand(World()) as client:
        session = await _session(client)
    async with by_hand(World()) as replica:
        answer = await replica.post("/mcp", json=call("refine_code", ASK), headers=session)

    assert answer_of(answer)["result"]["structuredContent"]["judgment"] == "correct"
