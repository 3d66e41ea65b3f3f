"""Who is let in, by which key, and how the others are told."""

import base64
import json
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from service.api.auth.doors import DOORS, OPEN, door_of, is_open
from service.settings import AuthSection, McpSection, ServerSection
from tests.unit.api.auth_keys import KEYS, auth, bearer, entry
from tests.unit.api.world import World, client_of

REFINE = {"problem": "Add one.", "entry_point": "f"}
JUDGE = {"problem": "Add one.", "solutions": ["def f(x): return x + 1"]}
CHAT = {"model": "refine", "messages": [{"role": "user", "content": "Add one."}]}


def _basic(userinfo: str) -> str:
    return "Basic " + base64.b64encode(userinfo.encode()).decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEYS['refine']}"},
        {"authorization": f"bearer   {KEYS['refine']} "},
        {"Authorization": _basic(f"anybody:{KEYS['refine']}")},
        {"Authorization": _basic(f"{KEYS['refine']}:")},
        {"Authorization": _basic(KEYS["refine"])},
        {"x-api-key": KEYS["refine"]},
        {"Authorization": "Bearer none", "x-api-key": KEYS["refine"]},
    ],
)
async def test_a_key_is_found_wherever_clients_put_it(tmp_path: Path, headers: dict[str, str]) -> None:
    async with client_of(World().app(auth=auth(tmp_path))) as client:
        response = await client.post("/refine", json=REFINE, headers=headers)

    assert response.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": KEYS["refine"]},
        {"Authorization": f"Token {KEYS['refine']}"},
        {"Authorization": f"Bearer {KEYS['refine']}x"},
        {"Authorization": f"Bearer {KEYS['refine'].upper()}"},
        {"Authorization": "Bearer " + "k" * 5_000},
        {"Authorization": "Basic !!!"},
        {"Authorization": _basic(":")},
        {"Authorization": b"Bearer \xff\xfe"},
        {"Authorization": "Basic /////w=="},
        {"x-api-key": "wrong"},
    ],
)
async def test_any_other_key_is_401_with_the_scheme_and_nothing_is_done(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    world = World()
    async with client_of(world.app(auth=auth(tmp_path))) as client:
        response = await client.post("/refine", json=REFINE, headers=headers)

    assert (response.status_code, response.json()["type"]) == (401, "/problems/unauthorized")
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.headers["content-type"] == "application/problem+json"
    assert world.generator.calls == 0


async def test_the_hash_of_a_key_is_no_key(tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {entry('admin').sha256}"}
    async with client_of(World().app(auth=auth(tmp_path))) as client:
        assert (await client.post("/refine", json=REFINE, headers=headers)).status_code == 401


@pytest.mark.parametrize(
    ("path", "body", "opens"),
    [
        ("/refine", REFINE, {"refine"}),
        ("/judge", JUDGE, {"judge"}),
        ("/critique", {"problem": "Add one.", "solution": "x"}, {"refine", "judge"}),
        ("/v1/chat/completions", CHAT, {"refine"}),
        ("/v1/responses", {"model": "refine", "input": "Add one."}, {"refine"}),
        ("/compat/openrlhf/get_reward", {"query": []}, {"judge"}),
        ("/compat/nemo-gym/seed_session", {}, {"judge"}),
        ("/v1/score", {}, {"judge"}),
        ("/rerank", {}, {"judge"}),
    ],
)
async def test_a_key_opens_what_its_role_is_for(
    tmp_path: Path, path: str, body: object, opens: set[str]
) -> None:
    async with client_of(World().app(auth=auth(tmp_path))) as client:
        answers = {
            name: (await client.post(path, json=body, headers=bearer(name))).status_code for name in KEYS
        }

    assert {name for name, status in answers.items() if status != 403} == {*opens, "admin"}


@pytest.mark.parametrize(
    ("options", "key", "status"),
    [
        ({}, None, 401),
        ({}, "refine", 403),
        ({}, "metrics", 200),
        ({}, "admin", 200),
        ({"metrics_open": True}, None, 200),
    ],
)
async def test_metrics_are_for_their_role_unless_they_are_open(
    tmp_path: Path, options: dict[str, object], key: str | None, status: int
) -> None:
    async with client_of(World().app(auth=auth(tmp_path, **options))) as client:
        response = await client.get("/metrics", headers={} if key is None else bearer(key))

    assert response.status_code == status


@pytest.mark.parametrize("path", sorted(OPEN | {"/page/main.js"}))
async def test_probes_and_the_page_are_open(tmp_path: Path, path: str) -> None:
    async with client_of(World().app(auth=auth(tmp_path))) as client:
        assert (await client.get(path)).status_code == 200


async def test_every_route_says_who_may_come_in() -> None:
    app = World().app()
    paths = {route.path for route in app.routes if isinstance(route, Route)} | app.openapi()["paths"].keys()

    closed = {path for path in paths if not is_open(path)}
    assert {path for path in closed if door_of(path) is None} == set()
    assert {door_of(path) for path in closed} == set(DOORS)


@pytest.mark.parametrize("path", ["/refine", "/refine/", "/refine/rf_1", "/nothing", "/v1/models/x"])
async def test_without_a_key_nobody_learns_what_is_there(tmp_path: Path, path: str) -> None:
    async with client_of(World().app(auth=auth(tmp_path))) as client:
        assert (await client.get(path)).status_code == 401


async def test_who_has_no_key_is_not_listened_to(tmp_path: Path) -> None:
    async with client_of(World().app(auth=auth(tmp_path))) as client:
        response = await client.post("/refine", content=b"{" * 5_000_000)

    assert response.status_code == 401


REFUSALS: tuple[tuple[Mapping[str, str], int, str, str], ...] = (
    ({}, 401, "authentication_error", "invalid_api_key"),
    (bearer("judge"), 403, "permission_error", "forbidden"),
)


async def test_openais_doors_refuse_in_openais_words(tmp_path: Path) -> None:
    async with client_of(World().app(auth=auth(tmp_path))) as client:
        for path in ("/v1/chat/completions", "/v1/responses"):
            for headers, status, kind, code in REFUSALS:
                response = await client.post(path, json=CHAT, headers=headers)

                error = response.json()["error"]
                assert (response.status_code, error["type"], error["code"]) == (status, kind, code)


async def test_a_refusal_says_what_the_key_is_for_and_what_is_needed(tmp_path: Path) -> None:
    async with client_of(World().app(auth=auth(tmp_path))) as client:
        response = await client.post("/refine", json=REFINE, headers=bearer("judge"))

    detail = response.json()["detail"]
    assert detail == "the key 'acme-judge' is for judge; this needs refine"


async def test_the_log_has_the_tenant_and_the_keys_name(
    tmp_path: Path, log: list[MutableMapping[str, Any]]
) -> None:
    async with client_of(World().app(auth=auth(tmp_path))) as client:
        await client.post("/refine", json=REFINE, headers=bearer("refine"))

    finished = next(entry for entry in log if entry["event"] == "request_finished")
    assert (finished["tenant"], finished["key_id"]) == ("acme", "acme-refine")


async def test_without_keys_nobody_is_asked() -> None:
    async with client_of(World().app()) as client:
        assert (await client.post("/refine", json=REFINE)).status_code == 200


REBOUND = {"host": "evil.example:8000", "origin": "http://evil.example:8000"}


@pytest.mark.parametrize(
    ("path", "body"), [("/refine", REFINE), ("/judge", JUDGE), ("/v1/chat/completions", CHAT)]
)
async def test_a_page_under_a_name_of_its_own_sets_nothing_to_work(
    path: str, body: Mapping[str, object]
) -> None:
    world = World()
    async with client_of(world.app()) as client:
        rebound = await client.post(path, json=body, headers=REBOUND)
        deleted = await client.delete("/refine/rf_1", headers=REBOUND)

    assert (rebound.status_code, deleted.status_code) == (421, 421)
    assert "mcp.allowed_hosts" in rebound.text
    assert (world.generator.calls, world.critic.conversations) == (0, [])


@pytest.mark.parametrize("host", ["127.1.2.3", "[::1]", "LocalHost", "0:0:0:0:0:0:0:1"])
async def test_loopback_is_loopback_however_it_is_written(host: str) -> None:
    async with client_of(World().app(server=ServerSection(host=host))) as client:
        answers = [
            (await client.post("/refine", json=REFINE, headers={"host": name})).status_code
            for name in ("localhost:8000", "evil.example:8000")
        ]

    assert answers == [200, 421]


async def test_an_open_gateway_goes_by_its_names_where_they_are_listed() -> None:
    listed = {"auth": AuthSection(open=True), "mcp": McpSection(allowed_hosts=("gateway",))}
    async with client_of(World().app(**listed)) as client:
        answers = {
            host: (await client.post("/refine", json=REFINE, headers={"host": host})).status_code
            for host in ("gateway:8000", "localhost:8000", "evil.example:8000")
        }

    assert answers == {"gateway:8000": 200, "localhost:8000": 200, "evil.example:8000": 421}


SIMPLE = ("text/plain", "text/plain; x=application/json", "application/x-www-form-urlencoded", None)
"""What a page may send anywhere without asking first; None: no type at all, as of a Blob without one."""
WORK: Mapping[str, object] = {
    "/refine": REFINE,
    "/judge": JUDGE,
    "/critique": {"problem": "p", "solution": "s"},
    "/v1/chat/completions": CHAT,
    "/v1/responses": {"model": "refine", "input": "p"},
    "/score": {"text_1": "p", "text_2": "s"},
    "/classify": {"input": "s"},
    "/rerank": {"query": "p", "documents": ["s"]},
    "/compat/openrlhf/get_reward": {"query": ["p s"], "prompts": ["p"]},
    "/compat/slime": {"prompt": "p", "response": "s"},
    "/compat/nemo-gym/verify": {"responses_create_params": {"input": "p"}, "response": {"output": []}},
}


@pytest.mark.parametrize("kind", SIMPLE)
async def test_a_page_under_its_own_name_cannot_send_what_sets_a_gateway_to_work(kind: str | None) -> None:
    world = World()
    headers = {"origin": "http://evil.example", **({} if kind is None else {"content-type": kind})}
    async with client_of(world.app()) as client:
        doors = (await client.get("/openapi.json")).json()["paths"]
        posts = {path for path, methods in doors.items() if "post" in methods}
        sent = {
            path: await client.post(path, content=json.dumps(WORK.get(path, {})), headers=headers)
            for path in posts | {"/mcp"}
        }

    assert WORK.keys() <= posts
    assert {p: r.status_code for p, r in sent.items() if r.status_code < 400} == {}
    assert (world.generator.calls, world.critic.conversations, world.sandbox.codes_seen) == (0, [], [])


async def test_a_gateway_may_have_other_names(tmp_path: Path) -> None:
    named = {"mcp": McpSection(allowed_hosts=("evil.example",))}
    behind_a_proxy = {"auth": AuthSection(open=True)}
    locked = {"auth": auth(tmp_path)}
    for changes in (named, behind_a_proxy, locked):
        async with client_of(World().app(**changes)) as client:
            answer = await client.post("/refine", json=REFINE, headers={**REBOUND, **bearer("refine")})

        assert (changes, answer.status_code) == (changes, 200)


async def test_answers_never_repeat_a_key(tmp_path: Path) -> None:
    async with client_of(World().app(auth=auth(tmp_path))) as client:
        texts = [
            (await client.post(path, json=REFINE, headers=headers)).text
            for path in ("/refine", "/judge", "/v1/chat/completions", "/nothing")
            for headers in (bearer("judge"), {"Authorization": "Bearer sk-wrong-and-secret"})
        ]

    assert not [text for text in texts if "sk-wrong" in text or KEYS["judge"] in json.dumps(text)]
