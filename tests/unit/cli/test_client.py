"""The Python client, asynchronous over an application and blocking over a socket."""

import asyncio

import httpx
import pytest

from service.client import AsyncClient, Client, ProblemError, UnreachableError
from service.services import Bounds
from tests.fakes import FakeChatModel, ScriptedGenerator
from tests.unit.api.world import RIGHT, WRONG, World, until
from tests.unit.cli.serving import serving

ASK = {"problem": "Add one.", "entry_point": "f"}


async def test_the_async_client_reads_every_door() -> None:
    app = World().app()
    async with (
        app.router.lifespan_context(app),
        AsyncClient("http://gateway", transport=httpx.ASGITransport(app)) as client,
    ):
        refinement = await client.refine(ASK)
        judging = await client.judge(ASK | {"solutions": [RIGHT]})
        critique = await client.critique(ASK | {"solution": WRONG})
        listed = await client.models()

    assert refinement["solution"] == RIGHT
    assert judging["results"][0]["score"] == 1.0
    assert critique["critique"]["judgment"] == "correct"
    assert "mini-generator" in [model["name"] for model in listed["data"]]


async def test_a_problem_is_an_error_that_names_the_field() -> None:
    app = World().app()
    async with (
        app.router.lifespan_context(app),
        AsyncClient("http://gateway", transport=httpx.ASGITransport(app)) as client,
    ):
        with pytest.raises(ProblemError, match="problem: String should have at least 1 character") as refused:
            await client.refine({"problem": ""})

    assert refused.value.status == 422


def test_the_blocking_client_does_the_same() -> None:
    world = World(critic=FakeChatModel([""]), bounds=Bounds(default_rounds=0))
    with serving(world.app()) as url, Client(url) as client:
        assert client.refine(ASK)["solution"] == WRONG
        assert client.health() == {"status": "ok"}
        assert client.ready()["status"] == "ready"
        with pytest.raises(ProblemError, match="solutions: Field required"):
            client.judge(ASK)


async def test_closing_the_events_cancels_the_refinement() -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0))

    def leave_at_once(url: str) -> None:
        with Client(url) as client:
            for event in client.refine_events(ASK):
                if event.event == "round.started":
                    return

    with serving(world.app()) as url:
        await asyncio.to_thread(leave_at_once, url)
        await until(lambda: world.gate.inflight == 0)

    assert world.generator.in_flight == 0
    assert world.metric('ctrl_refinements_total{stop_reason="cancelled"}') == 1


def test_nobody_there_is_unreachable() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(UnreachableError):
        client.models()


async def test_somebody_else_there_is_unreachable_too() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text="<html>"))

    async with AsyncClient("http://gateway", transport=transport) as client:
        with pytest.raises(UnreachableError, match="not as a gateway"):
            await client.models()


async def test_giving_up_on_a_plain_request_cancels_the_refinement() -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0))

    with serving(world.app()) as url:
        async with httpx.AsyncClient(base_url=url, timeout=0.3) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.post("/refine", json=ASK)
        await until(lambda: world.gate.inflight == 0, 1.0)

    assert world.generator.in_flight == 0
