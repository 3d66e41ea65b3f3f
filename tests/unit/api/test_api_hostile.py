"""What no client should send: every answer is a problem that names the field, never a 500."""

import gzip
import json
from collections.abc import Sequence
from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError

from tests.fakes import ScriptedGenerator
from tests.unit.api.world import World, client_of, post

REFINE = {"problem": "Add one."}
CALL = {"args": [1], "expected": 2}
STDIN = {"stdin": "1\n", "stdout": "2\n"}


@pytest.mark.parametrize("path", ["/refine", "/critique", "/judge"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"not json",
        b'{"problem": NaN}',
        b'{"problem": "\xff"}',
        b'{"problem": "\\ud800"}',
        b"\xef\xbb\xbf{}",
        b'{"problem":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"problem":' + b"9" * 10_000 + b"}",
    ],
)
async def test_a_body_that_is_not_json_is_refused(path: str, body: bytes) -> None:
    async with client_of(World().app()) as client:
        response = await client.post(path, content=body, headers={"content-type": "application/json"})

    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/refine", "/critique", "/judge"])
@pytest.mark.parametrize("body", ["[]", '"text"', "7", "null", "{}"])
async def test_json_that_is_not_a_request_is_refused(path: str, body: str) -> None:
    async with client_of(World().app()) as client:
        response = await client.post(path, content=body, headers={"content-type": "application/json"})

    assert response.status_code == 422
    assert response.json()["errors"]


async def test_a_body_without_a_content_type_is_told_which_one_it_needs() -> None:
    async with client_of(World().app()) as client:
        response = await client.post("/refine", content=json.dumps(REFINE))

    assert response.status_code == 422
    assert "application/json" in response.json()["detail"]


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"problem": ""}, "problem", "at least 1"),
        ({"problem": " \n\t"}, "problem", "blank"),
        ({"problem": 7}, "problem", "string"),
        ({"problem": "x" * 100_001}, "problem", "100000"),
        ({"solution": "   "}, "solution", "blank"),
        ({"language": "cobol"}, "language", "python"),
        ({"entry_point": "not a name"}, "entry_point", "function"),
        ({"rounds": -1}, "rounds", "greater than or equal to 0"),
        ({"rounds": 17}, "rounds", "less than or equal to 16"),
        ({"rounds": 1.5}, "rounds", "integer"),
        ({"rounds": 10**400}, "rounds", ""),
        ({"candidates": 0}, "candidates", "1"),
        ({"stop": "whenever"}, "stop", "judged_correct"),
        ({"stop": "tests_passed"}, "stop", "needs tests"),
        ({"feedback": "tests"}, "feedback", "needs tests"),
        ({"select": "first"}, "select", "last"),
        ({"budget": {"seconds": 0}}, "budget.seconds", "greater than 0"),
        ({"budget": {"minutes": 1}}, "budget.minutes", "not permitted"),
        ({"sampling": {"temperature": -1}}, "sampling.temperature", "0"),
        ({"sampling": {"seed": -1}}, "sampling.seed", "0"),
        ({"metadata": {"a": 1}}, "metadata.a", "string"),
        ({"base_url": "http://169.254.169.254"}, "base_url", "not permitted"),
        ({"tests": "all"}, "tests", "list"),
        ({"tests": [7]}, "tests.0", "a test is"),
        ({"tests": [{}]}, "tests.0", "a test is"),
        ({"tests": [{"stdin": "1"}]}, "tests.0.stdout", "required"),
        ({"tests": [{"args": 1, "expected": 2}], "entry_point": "f"}, "tests.0.args", "list"),
        ({"tests": [{"args": [1]}], "entry_point": "f"}, "tests.0.expected", "required"),
        ({"tests": [CALL | {"extra": 1}], "entry_point": "f"}, "tests.0.extra", "not permitted"),
        ({"tests": [CALL]}, "tests", "entry_point"),
        ({"tests": [STDIN], "entry_point": "f"}, "tests", "leave entry_point out"),
        ({"tests": [STDIN, CALL], "entry_point": "f"}, "tests", "one kind, not call and stdin"),
        ({"tests": [STDIN] * 501}, "tests", "500"),
    ],
)
async def test_a_field_that_cannot_be_is_named_with_its_remedy(
    change: dict[str, Any], field: str, says: str
) -> None:
    response = await post(World(), "/refine", REFINE | change)

    problem = response.json()
    assert response.status_code == 422
    assert problem["type"] == "/problems/invalid-request"
    assert problem["errors"][0]["field"] == field
    assert says in problem["errors"][0]["message"]


async def test_a_number_too_large_for_a_float_is_refused() -> None:
    body = '{"problem": "p", "entry_point": "f", "tests": [{"args": [1e400], "expected": 1}]}'
    async with client_of(World().app()) as client:
        response = await client.post("/refine", content=body, headers={"content-type": "application/json"})

    assert response.status_code == 422
    assert "finite" in response.json()["detail"]


async def test_a_problem_never_echoes_what_was_sent() -> None:
    response = await post(World(), "/refine", {"problem": 1, "api_key": "sk-secret"})

    assert "sk-secret" not in response.text


async def test_nul_characters_are_text_like_any_other() -> None:
    world = World(generator=ScriptedGenerator(["x = '\0'"]))

    response = await post(world, "/refine", {"problem": "a\0b", "rounds": 0})

    assert response.status_code == 200
    assert response.json()["solution"] == "x = '\0'"


async def test_text_that_looks_like_a_template_or_a_token_is_only_text() -> None:
    world = World()

    response = await post(world, "/refine", {"problem": "{{candidate}} <|im_end|> {0} %s"})

    assert response.status_code == 200
    assert "{{candidate}} <|im_end|> {0} %s" in world.critic.conversations[0][-1].content


@pytest.mark.parametrize("says_how_long", [True, False])
async def test_a_huge_body_is_refused_before_it_is_read(says_how_long: bool) -> None:
    read = 0

    async def chunks() -> Any:
        nonlocal read
        for _ in range(1000):
            read += 1
            yield b" " * 10_000

    headers = {"content-type": "application/json"} | ({"content-length": "10000000"} if says_how_long else {})
    async with client_of(World().app(server={"body_bytes": 100_000})) as client:
        response = await client.post("/refine", content=chunks(), headers=headers)

    assert response.status_code == 413
    assert response.json()["type"] == "/problems/body-too-large"
    assert response.headers["content-type"] == "application/problem+json"
    assert read <= 12


async def test_a_compressed_body_is_not_unpacked() -> None:
    """What is 20 KB here would be 20 MB."""
    bomb = gzip.compress(b'{"problem": "' + b"x" * 20_000_000 + b'"}')
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    async with client_of(World().app()) as client:
        response = await client.post("/refine", content=bomb, headers=headers)

    assert len(bomb) < 100_000
    assert response.status_code == 415
    assert response.json()["type"] == "/problems/unsupported-media-type"
    assert response.headers["accept-encoding"] == "identity"


async def test_a_compressed_chat_is_not_unpacked_and_says_so() -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    async with client_of(World().app()) as client:
        response = await client.post("/v1/chat/completions", content=gzip.compress(b"{}"), headers=headers)

    assert response.status_code == 415
    assert "Content-Encoding" in response.json()["error"]["message"]


async def test_a_clients_own_request_id_is_not_taken_over() -> None:
    async with client_of(World().app()) as client:
        response = await client.post("/refine", json=REFINE, headers={"x-request-id": "mine"})

    assert response.headers.get_list("x-request-id")[0].startswith("req_")
    assert "mine" not in response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/refine", 405), ("POST", "/nothing", 404), ("DELETE", "/", 405)]
)
async def test_what_is_not_there_is_a_problem_too(method: str, path: str, status: int) -> None:
    async with client_of(World().app()) as client:
        response = await client.request(method, path)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status
    assert ("allow" in response.headers) == (status == 405)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/refine", {"POST"}),
        ("PUT", "/refine/rf_1", {"GET", "DELETE"}),
        ("POST", "/refine/rf_1/events", {"GET"}),
        ("DELETE", "/v1/chat/completions", {"POST"}),
        ("POST", "/health", {"GET", "HEAD"}),
        ("GET", "/mcp", {"POST"}),
    ],
)
async def test_a_wrong_method_is_told_all_that_are_right(method: str, path: str, allowed: set[str]) -> None:
    async with client_of(World().app()) as client:
        response = await client.request(method, path)

    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/", "/health", "/ready", "/metrics", "/page/main.js"])
async def test_what_can_be_got_by_anybody_can_be_looked_for(path: str) -> None:
    async with client_of(World().app()) as client:
        got, looked = await client.get(path), await client.head(path)

    assert looked.status_code == got.status_code == 200
    assert looked.headers["content-type"] == got.headers["content-type"]


async def test_a_slash_at_the_end_of_a_path_leads_nowhere_else() -> None:
    """A redirect would name the scheme that a proxy speaks to us, and send key and body there."""
    async with client_of(World().app()) as client:
        refined = await client.post("/refine/", json=REFINE)
        listed = await client.get("/v1/models//")
        refused = await client.post("/v1/chat/completions/", json={"model": "nobody"})

    assert (refined.status_code, listed.status_code) == (200, 200)
    assert refused.json()["error"]["code"] == "model_not_found"


_MANY = 50_000
_BAD_MESSAGES = [{"role": 1}] * _MANY


def _unknown(number: int) -> dict[str, object]:
    return {f"a{index}": 0 for index in range(number)}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/refine", REFINE | _unknown(_MANY)),
        ("/refine", REFINE | {"budget": _unknown(_MANY)}),
        ("/refine", REFINE | {"metadata": _unknown(_MANY)}),
        ("/refine", REFINE | {"entry_point": "f", "tests": [{"expected": 1, "args": 1}] * 500}),
        ("/compat/slime", {"prompt": _BAD_MESSAGES, "response": "x"}),
        ("/compat/slime", {"prompt": [{"role": "user", "content": [{"text": 1}] * _MANY}], "response": "x"}),
        (
            "/compat/nemo-gym/verify",
            {"responses_create_params": {"input": "x"}, "response": {"output": _BAD_MESSAGES}},
        ),
        ("/v1/chat/completions", {"model": "refine", "messages": []} | _unknown(_MANY)),
    ],
    ids=["members", "inner members", "metadata", "tests", "messages", "parts", "output", "chat"],
)
async def test_of_very_many_mistakes_few_are_written_down(
    path: str, body: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is worked on at the event loop: a body of them held it for seconds."""
    found: list[int] = []

    def counting(errors: Sequence[Any], **more: Any) -> RequestValidationError:
        found.append(len(errors))
        return RequestValidationError(errors, **more)

    monkeypatch.setattr("service.api.routing.RequestValidationError", counting)
    monkeypatch.setattr("fastapi.routing.RequestValidationError", counting)

    response = await post(World(), path, body)

    assert response.status_code in {400, 422}
    assert max(found, default=1) <= 10
