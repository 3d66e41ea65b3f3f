"""What operators and clients ask of the service itself."""

import asyncio
from collections.abc import MutableMapping
from dataclasses import replace
from typing import Any

import pytest

from service.api import problems
from service.api.pulse import Pulse
from service.domain.errors import ModelError, SandboxError, ServiceError
from tests.fakes import ScriptedGenerator
from tests.unit.api.world import NOTICE, RIGHT, WRONG, World, client_of, post, settings


async def test_health_asks_nobody() -> None:
    world = World(unreachable={"sandbox": SandboxError("gone"), "critic": ModelError("gone")})
    async with client_of(world.app()) as client:
        response = await client.get("/health")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_ready_names_every_part() -> None:
    async with client_of(World().app()) as client:
        response = await client.get("/ready")

    assert response.status_code == 200
    assert response.json()["status"] == "ready"
    assert {part: state["name"] for part, state in response.json()["parts"].items()} == {
        "generator": "mini-generator",
        "critic": "mini-critic",
        "sandbox": "sandbox",
        "store": "memory",
    }


@pytest.mark.parametrize("part", ["generator", "critic", "sandbox"])
async def test_a_part_that_does_not_answer_is_named_with_its_reason(part: str) -> None:
    fault: ServiceError = ModelError("no route to host")
    async with client_of(World(unreachable={part: fault}).app()) as client:
        response = await client.get("/ready")

    assert response.status_code == 503
    assert response.json()["status"] == "degraded"
    broken = [name for name, state in response.json()["parts"].items() if not state["ready"]]
    assert broken == [part]
    assert response.json()["parts"][part]["error"] == "no route to host"


async def test_however_many_want_to_know_the_parts_are_pinged_once() -> None:
    """Nobody needs a key to ask, and each ping is a request to an endpoint with ours."""
    pinged: list[None] = []

    async def ping() -> None:
        pinged.append(None)
        await asyncio.sleep(0.01)

    pulse = Pulse(replace(World().services(settings()), ping_sandbox=ping))
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(pulse.parts()) for _ in range(50)]

    assert all(one.result()["sandbox"].ready for one in asked)
    assert len(pinged) == 1


async def test_models_are_listed_as_openai_lists_them_and_say_what_they_are() -> None:
    async with client_of(World().app()) as client:
        listed = (await client.get("/v1/models")).json()

    assert listed["object"] == "list"
    assert [(model["id"], model["object"], model["role"]) for model in listed["data"]] == [
        ("mini-generator", "model", "generator"),
        ("mini-critic", "model", "critic"),
        ("refine", "model", "refine"),
        ("refine/mini-generator", "model", "refine"),
    ]
    critic = listed["data"][1]
    assert (critic["engine"], critic["notice"], critic["manifest"]) == ("embedded", NOTICE, {"schema": 1})
    assert critic["default"] is True


async def test_one_model_is_described_by_its_name() -> None:
    async with client_of(World().app()) as client:
        found = await client.get("/v1/models/refine/mini-generator")
        missing = await client.get("/v1/models/gpt-9")

    assert (found.json()["id"], found.json()["notice"]) == ("refine/mini-generator", NOTICE)
    assert missing.status_code == 404
    assert missing.json()["error"]["code"] == "model_not_found"


async def test_metrics_have_the_names_that_dashboards_use() -> None:
    world = World()
    async with client_of(world.app()) as client:
        await client.post("/refine", json={"problem": "Add one."})
        text = (await client.get("/metrics")).text

    for name in (
        "ctrl_refinements_total",
        "ctrl_rounds_total",
        "ctrl_round_seconds_bucket",
        "ctrl_model_call_seconds_bucket",
        "ctrl_model_tokens_total",
        "ctrl_critiques_total",
        "ctrl_judgments_total",
        "ctrl_sandbox_runs_total",
        "ctrl_queue_depth",
        "ctrl_inflight",
        "ctrl_upstream_errors_total",
    ):
        assert f"# TYPE {name.removesuffix('_bucket')}" in text or f"\n{name}" in text
    assert "_created" not in text


async def test_the_log_tells_rounds_and_never_texts(log: list[MutableMapping[str, Any]]) -> None:
    await post(World(), "/refine", {"problem": "The secret problem."})

    events = [entry["event"] for entry in log]
    assert events.count("round_finished") == 2
    assert events.count("refine_finished") == 1
    assert "request_finished" in events
    for text in (WRONG, RIGHT, "The secret problem", "Handle odd numbers"):
        assert text not in str(log)


async def test_a_crash_is_logged(log: list[MutableMapping[str, Any]]) -> None:
    await post(
        World(generator=ScriptedGenerator([""], fault=ZeroDivisionError("bug"))), "/refine", {"problem": "p"}
    )

    assert [entry["log_level"] for entry in log if entry["event"] == "request_crashed"] == ["error"]


def _descendants(kind: type[ServiceError]) -> list[type[ServiceError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in _descendants(child))]


@pytest.mark.parametrize("kind", _descendants(ServiceError)[1:], ids=lambda kind: kind.__name__)
def test_every_error_has_a_problem(kind: type[ServiceError]) -> None:
    row = problems.row_of(kind.__new__(kind))

    assert row is not problems.UNEXPECTED
    assert (row.status in {429, 503}) == (row.retry_after_s is not None)


def test_a_new_kind_of_error_inherits_its_parents_problem() -> None:
    class MeltedSandboxError(SandboxError):
        pass

    assert problems.row_of(MeltedSandboxError("hot")).slug == "sandbox-failed"


async def test_the_openapi_document_tells_every_route() -> None:
    async with client_of(World().app()) as client:
        document = (await client.get("/openapi.json")).json()

    assert set(document["paths"]) == {
        "/refine",
        "/refine/{id}",
        "/refine/{id}/events",
        "/refine/{id}/request",
        "/critique",
        "/judge",
        "/compat/openrlhf/get_reward",
        "/compat/slime",
        "/compat/nemo-gym/seed_session",
        "/compat/nemo-gym/verify",
        "/compat/nemo-gym/close_session",
        "/compat/nemo-gym/reverify_mode",
        "/score",
        "/v1/score",
        "/classify",
        "/v1/classify",
        "/rerank",
        "/v1/rerank",
        "/v2/rerank",
        "/v1/models",
        "/v1/models/{model}",
        "/v1/chat/completions",
        "/v1/responses",
        "/health",
        "/ready",
        "/metrics",
    }
