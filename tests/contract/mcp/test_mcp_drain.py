"""A gateway that is told to stop ends what it has begun."""

import asyncio
import sys
from asyncio.subprocess import PIPE

import pytest
from mcp import Client

from service.cli.stack import free_port
from tests.contract.mcp.calling import ASK, ERAS
from tests.unit.api.world import World
from tests.unit.cli.serving import serving


@pytest.mark.parametrize("era", ERAS)
async def test_a_call_at_work_is_answered_although_the_gateway_stops(era: str) -> None:
    port = free_port()
    command = (sys.executable, "-m", "tests.contract.mcp.slow_gateway", str(port))
    gateway = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    assert gateway.stdout is not None
    try:
        async with asyncio.timeout(120):
            await _until_it_listens(port)
            async with (
                Client(f"http://127.0.0.1:{port}/mcp", mode=era) as client,
                asyncio.TaskGroup() as group,
            ):
                # The client checks the answer by the schema, and could not ask for that afterwards.
                await client.list_tools()
                calling = group.create_task(client.call_tool("refine_code", ASK))
                while b"writing" not in await gateway.stdout.readline():
                    pass
                gateway.terminate()
            code = await gateway.wait()
    finally:
        if gateway.returncode is None:
            gateway.kill()
        await gateway.communicate()

    assert calling.result().structured_content["judgment"] == "correct"
    assert code in {0, -15}


@pytest.mark.parametrize("era", ERAS)
async def test_a_call_that_cannot_be_ended_in_time_is_an_error_that_says_so(era: str) -> None:
    world = World()
    app = world.app()

    async def stop_and_hang() -> None:
        app.state.drain.begin(0.05)
        await asyncio.Event().wait()

    world.generator.before = stop_and_hang
    with serving(app) as url:
        async with Client(f"{url}/mcp", mode=era) as client:
            answer = await client.call_tool("refine_code", ASK)

    assert answer.is_error
    assert "stopping" in str(answer.content)
    assert "call again" in str(answer.content)


async def _until_it_listens(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            await writer.wait_closed()
            return
