"""POST /v1/chat/completions: what is refused, and what fails, in OpenAI's words."""

import json

import pytest

from service.domain.errors import CriticError
from service.services import Bounds
from tests.fakes import FakeChatModel, ScriptedGenerator
from tests.unit.api.world import WRONG, Json, World, client_of, post

PATH = "/v1/chat/completions"
ASK: Json = {"model": "refine", "messages": [{"role": "user", "content": "Add one."}]}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"stop": ["\n"]}, "stop"),
        ({"reasoning_effort": "high"}, "reasoning_effort"),
        ({"frobnicate": 1}, "frobnicate"),
        ({"temperature": 3}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"stream": "perhaps"}, "stream"),
        ({"stream_options": 7}, "stream_options"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": ["Add one."]}, "messages"),
        ({"messages": [{"role": "system", "content": "hi"}]}, "messages"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages.0.content.0"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content"),
        ({"input": "Add one."}, "input"),
        ({"refine": {"rounds": 99}}, "refine.rounds"),
        ({"refine": {"stop": "tests_passed"}}, "refine.stop"),
        ({"refine": {"critic": "nobody"}}, "refine.critic"),
        ({"refine": {"problem": "x"}}, "refine.problem"),
        ({"refine": {"solution": " "}}, "refine.solution"),
        ({"refine": {"budget": {"minutes": 1}}}, "refine.budget.minutes"),
        ({"refine": {"tests": [{"args": [1]}], "entry_point": "f"}}, "refine.tests.0.expected"),
        ({"refine": 7}, "refine"),
        ({"model": ""}, "model"),
        ({"model": 7}, "model"),
    ],
)
async def test_what_cannot_be_is_named(change: Json, param: str) -> None:
    response = await post(World(), PATH, ASK | change)

    error = response.json()["error"]
    assert response.status_code == 400
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert error["message"]


async def test_a_body_of_another_route_is_told_where_it_belongs() -> None:
    response = await post(World(), PATH, {"model": "refine", "input": "Add one."})

    assert response.json()["error"]["param"] == "input"
    assert "/v1/responses" in response.json()["error"]["message"]


@pytest.mark.parametrize("model", ["gpt-9", "refine/gpt-9", "refine/mini-critic"])
async def test_an_unknown_model_is_not_found_and_the_known_ones_are_listed(model: str) -> None:
    response = await post(World(), PATH, ASK | {"model": model})

    error = response.json()["error"]
    assert response.status_code == 404
    assert (error["param"], error["code"]) == ("model", "model_not_found")
    assert "refine/mini-generator" in error["message"]


@pytest.mark.parametrize(
    "model", ["{}", "null", "7", "1e400", '{"a":1e999}', "[" * 500 + "]" * 500, "9" * 5_000]
)
@pytest.mark.parametrize("path", [PATH, "/v1/responses"])
async def test_what_is_no_name_of_a_model_is_named(path: str, model: str) -> None:
    content = f'{{"model": {model}, "messages": []}}'
    async with client_of(World().app()) as client:
        response = await client.post(path, content=content, headers={"Content-Type": "application/json"})

    assert response.status_code == 400
    assert response.json()["error"]["param"] == "model"


@pytest.mark.parametrize("path", [PATH, "/v1/responses"])
@pytest.mark.parametrize(
    ("declared", "taken"),
    [
        (None, False),
        ("text/plain", False),
        ("text/plain; x=application/json", False),
        ("application/x-www-form-urlencoded", False),
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
    ],
)
async def test_a_body_that_a_page_may_send_unasked_is_not_read(
    path: str, declared: str | None, taken: bool
) -> None:
    world = World()
    content = json.dumps(ASK if path == PATH else {"model": "refine", "input": "Add one."})
    headers = {} if declared is None else {"Content-Type": declared}
    async with client_of(world.app()) as client:
        response = await client.post(path, content=content, headers=headers)

    assert response.status_code == (200 if taken else 415)
    assert (world.generator.calls > 0) == taken
    if not taken:
        assert response.json()["error"]["code"] == "unsupported_media_type"


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("POST", PATH, b"{", 400),
        ("POST", PATH, b'{"model": NaN}', 400),
        ("POST", PATH, b"[]", 400),
        ("POST", PATH, b"", 400),
        ("POST", PATH, b'{"model":' + b"[" * 10_000 + b"]" * 10_000 + b"}", 400),
        ("POST", PATH, b'{"model": "refine", "messages": "\\ud800"}', 400),
        ("POST", PATH, b'{"model": "\xff"}', 400),
        ("POST", PATH, b'{"model": "mini-generator", "messages": ["\xff"]}', 400),
        ("POST", PATH, b'{"model": "mini-generator", "messages": [1,]}', 400),
        ("POST", PATH, b'{"model": "refine", "messages":' + b"[" * 500 + b"]" * 500 + b"}", 400),
        ("GET", PATH, b"", 405),
        ("POST", "/v1/nothing", b"", 404),
        ("POST", PATH, b" " * 200_000, 413),
    ],
)
async def test_every_error_below_v1_is_openais(method: str, path: str, content: bytes, status: int) -> None:
    async with client_of(World().app(server={"body_bytes": 100_000})) as client:
        response = await client.request(
            method, path, content=content, headers={"Content-Type": "application/json"}
        )

    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}
    assert ("allow" in response.headers) == (status == 405)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_full_service_says_when_to_come_back(stream: bool) -> None:
    world = World(max_inflight=1)
    async with client_of(world.app()) as client:
        with world.gate.admit():
            refused = await client.post(PATH, json=ASK | {"stream": stream})

    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "2"
    assert refused.json()["error"]["code"] == "overloaded"


async def test_a_failed_part_is_a_failure_and_never_an_answer() -> None:
    world = World(critic=FakeChatModel([""], fault=CriticError("the critic is gone")))

    response = await post(world, PATH, ASK)

    assert response.status_code == 502
    assert response.json()["error"] == {
        "message": "the critic is gone",
        "type": "server_error",
        "param": None,
        "code": "critic_failed",
    }


@pytest.mark.parametrize(
    ("fault", "code"), [(CriticError("gone"), "critic_failed"), (ZeroDivisionError("secret"), "unexpected")]
)
async def test_a_failure_on_the_way_is_the_streams_last_event(fault: Exception, code: str) -> None:
    world = World(generator=ScriptedGenerator([WRONG], fault=fault, fault_at=1))

    response = await post(world, PATH, ASK | {"stream": True})

    last = json.loads(response.text.strip().split("\n\n")[-1].removeprefix("data: "))
    assert last["error"]["code"] == code
    assert "secret" not in response.text
    assert '"content":"`' not in response.text
    assert world.gate.inflight == 0


async def test_time_that_ran_out_is_not_to_be_tried_again() -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0), bounds=Bounds(request_seconds=0.05))

    response = await post(world, PATH, ASK)

    assert response.status_code == 504
    assert response.headers["x-should-retry"] == "false"
