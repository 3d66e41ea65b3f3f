"""What a browser may do with an answer, and with a gateway that is not its page's own."""

from pathlib import Path

import pytest

from tests.unit.api.auth_keys import auth, bearer
from tests.unit.api.world import World, client_of

REFINE = {"problem": "Add one.", "entry_point": "f"}


async def test_every_answer_is_guarded_whatever_it_is(tmp_path: Path) -> None:
    world = World()
    async with client_of(world.app(auth=auth(tmp_path))) as client:
        answers = [
            await client.get("/health"),
            await client.post("/refine", json=REFINE, headers=bearer("refine")),
            await client.post("/refine", json=REFINE),
            await client.post("/refine", json={}, headers=bearer("refine")),
            await client.post("/refine", json=REFINE | {"stream": True}, headers=bearer("refine")),
            await client.get("/nothing", headers=bearer("refine")),
            await client.post("/mcp", json={}, headers=bearer("refine")),
        ]

    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "no-store" in answer.headers["cache-control"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_crash_is_guarded_too() -> None:
    world = World()
    world.critic.fault = ZeroDivisionError("a bug")  # type: ignore[assignment]
    async with client_of(world.app()) as client:
        answer = await client.post("/critique", json={"problem": "Add one.", "solution": "x"})

    assert (answer.status_code, answer.headers["x-content-type-options"]) == (500, "nosniff")


async def test_the_pages_own_rules_stand() -> None:
    async with client_of(World().app()) as client:
        answer = await client.get("/")

    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers.get_list("content-security-policy") == [answer.headers["content-security-policy"]]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("method", ["OPTIONS", "POST", "GET"])
async def test_no_page_from_elsewhere_may_read_an_answer(method: str) -> None:
    asks = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    async with client_of(World().app()) as client:
        for path in ("/refine", "/v1/models", "/v1/chat/completions", "/mcp", "/"):
            answer = await client.request(method, path, headers=asks)

            assert not [name for name in answer.headers if name.startswith("access-control")]
