"""The Python clients against the gateway: every door, and what is said when something is wrong."""

import asyncio
from urllib.parse import urlsplit

import httpx
import pytest

from service.api.refine_request import RefineRequest
from service.cli.stack import Part
from service.client import AnswerError, AsyncClient, Client, GatewayError, ProblemError, UnreachableError
from service.domain.errors import ModelError
from service.services import Bounds
from tests.fakes import FakeChatModel, ScriptedGenerator
from tests.unit.api.world import RIGHT, WRONG, World, until
from tests.unit.cli.serving import serving
from tests.unit.client.either import KINDS, ONCE, ask

ASK = {"problem": "Add one.", "entry_point": "f"}

both = pytest.mark.parametrize("kind", KINDS)


@both
async def test_answers_are_typed(kind: str) -> None:
    with serving(World().app()) as url:
        refinement = await ask(kind, url, "refine", ASK)
        judging = await ask(kind, url, "judge", ASK, solutions=[RIGHT])
        critique = await ask(kind, url, "critique", ASK | {"solution": WRONG})
        listed = await ask(kind, url, "models")
        health = await ask(kind, url, "health")
        ready = await ask(kind, url, "ready")

    assert (refinement.solution, refinement.rounds[0].critique.judgment) == (RIGHT, "incorrect")
    assert judging.results[0].score == 1.0
    assert critique.critique.judgment == "correct"
    assert {"mini-generator", "mini-critic", "refine"} <= {model.id for model in listed.data}
    assert (health, ready["status"]) == ({"status": "ok"}, "ready")


@both
async def test_a_request_is_a_dictionary_the_gateways_own_model_or_fields_by_name(kind: str) -> None:
    world = World(critic=FakeChatModel([""]), bounds=Bounds(default_rounds=0))
    with serving(world.app()) as url:
        for request, fields in (
            (ASK, {}),
            (RefineRequest(problem="Add one.", entry_point="f"), {}),
            (None, ASK),
            (ASK | {"rounds": 5}, {"rounds": 0}),
        ):
            assert (await ask(kind, url, "refine", request, **fields)).solution
    assert world.generator.calls == 4


@both
async def test_events_end_with_the_refinement(kind: str) -> None:
    with serving(World().app()) as url:
        events = await ask(kind, url, "refine_events", ASK)

    assert events[0].event == "refinement.created"
    assert events[-1].event == "refinement.completed"
    assert events[-1].data["solution"] == RIGHT
    assert [int(event.id) for event in events] == list(range(1, len(events) + 1))


@both
async def test_a_problem_is_an_error_that_carries_the_document(kind: str) -> None:
    with serving(World().app()) as url:
        for method in ("refine", "refine_events", "judge"):
            with pytest.raises(ProblemError, match="problem: String should have at least 1") as refused:
                await ask(kind, url, method, {"problem": "", "solutions": []})

            assert (refused.value.status, refused.value.type) == (422, "/problems/invalid-request")
            assert refused.value.errors[0]["field"] == "problem"
            assert str(refused.value.request_id).startswith("req_")


@both
async def test_a_refinement_that_fails_on_the_way_is_an_error_and_is_not_tried_again(kind: str) -> None:
    world = World(generator=ScriptedGenerator([""], fault=ModelError("gone")))
    with serving(world.app()) as url, pytest.raises(ProblemError, match="gone") as failed:
        await ask(kind, url, "refine", ASK)

    assert failed.value.status == 502
    assert world.generator.calls == 1


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


async def test_cancelling_the_call_cancels_the_refinement() -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0))
    with serving(world.app()) as url:
        async with AsyncClient(url) as client, asyncio.TaskGroup() as group:
            refining = group.create_task(client.refine(ASK))
            await until(lambda: world.generator.in_flight == 1)
            refining.cancel()
        await until(lambda: world.gate.inflight == 0)

    assert world.generator.in_flight == 0


async def test_giving_up_on_a_plain_request_cancels_the_refinement() -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0))

    with serving(world.app()) as url:
        async with httpx.AsyncClient(base_url=url, timeout=0.3) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.post("/refine", json=ASK)
        await until(lambda: world.gate.inflight == 0)

    assert world.generator.in_flight == 0


@both
async def test_nobody_there_is_unreachable(kind: str) -> None:
    for method in ("models", "refine"):
        with pytest.raises(UnreachableError):
            await ask(kind, "http://127.0.0.1:9", method, patience=ONCE)


async def test_an_address_that_is_none_is_an_error_of_ours() -> None:
    for address in ("localhost:8000", "http://[::1", "ftp://127.0.0.1"):
        with pytest.raises(GatewayError):
            await ask("asyncio", address, "models", patience=ONCE)


@pytest.mark.parametrize("text", ["<html>", "[]", '{"data": "?"}'])
async def test_somebody_else_there_is_an_error_that_says_so(text: str) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=text))

    async with AsyncClient("http://gateway", transport=transport) as client:
        with pytest.raises(AnswerError, match=r"not as a gateway|cannot be read as ModelList: data"):
            await client.models()


async def test_an_error_of_somebody_elses_is_told_whatever_it_holds() -> None:
    text = '{"status": "error", "errors": ["no such page"], "title": "Nothing here"}'
    transport = httpx.MockTransport(lambda _: httpx.Response(404, text=text))

    async with AsyncClient("http://gateway", transport=transport) as client:
        with pytest.raises(ProblemError, match="Nothing here") as refused:
            await client.models()

    assert (refused.value.status, refused.value.errors) == (404, [])


async def test_a_key_that_no_header_can_carry_is_an_error_of_ours_that_does_not_show_it() -> None:
    for key in ("gehe\u00efm", "geheim\nX-More: 1"):
        for kind in (Client, AsyncClient):
            with pytest.raises(GatewayError) as refused:
                kind("http://gateway", api_key=key)

            assert "gehe" not in str(refused.value)


async def test_a_key_out_of_a_file_may_end_in_a_line_feed() -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["authorization"])
        return httpx.Response(200, json={"status": "ok"})

    async with AsyncClient(
        "http://gateway", api_key="geheim\n", transport=httpx.MockTransport(answer)
    ) as client:
        await client.health()

    assert sent == ["Bearer geheim"]


@both
async def test_a_gateway_on_this_machine_is_asked_past_the_environments_proxy(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    with serving(World().app()) as url:
        port = urlsplit(url).port
        for address in (url, f"http://localhost:{port}"):
            assert await ask(kind, address, "health", patience=ONCE) == {"status": "ok"}
        assert Part("gateway", port or 0, "--port", ()).answers()
