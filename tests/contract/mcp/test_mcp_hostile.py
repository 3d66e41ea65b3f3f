"""What does not belong at the door is turned away there, and says why."""

import json

import httpx

from service.settings import AuthSection, McpSection, ServerSection
from tests.contract.mcp.calling import ASK, INITIALIZE, answer_of, by_hand, call
from tests.unit.api.world import World

STRANGERS: tuple[tuple[dict[str, str], int, str], ...] = (
    ({"host": "evil.example"}, 421, "mcp.allowed_hosts"),
    ({"host": "evil.example:8000"}, 421, "mcp.allowed_hosts"),
    ({"host": "127.0.0.1.evil.example"}, 421, "mcp.allowed_hosts"),
    ({"host": "localhost:1@evil.example"}, 421, "mcp.allowed_hosts"),
    ({"host": "[::1"}, 421, "mcp.allowed_hosts"),
    ({"origin": "https://evil.example"}, 403, "mcp.allowed_origins"),
    ({"origin": "http://localhost.evil.example"}, 403, "mcp.allowed_origins"),
    ({"origin": "null"}, 403, "mcp.allowed_origins"),
    ({"origin": "file://localhost"}, 403, "mcp.allowed_origins"),
)


async def test_a_page_in_somebodys_browser_may_not_call() -> None:
    world = World()
    async with by_hand(world) as client:
        for headers, status, said in STRANGERS:
            answer = await client.post("/mcp", json=call("refine_code", ASK), headers=headers)

            assert (headers, answer.status_code) == (headers, status)
            assert answer.headers["content-type"] == "application/problem+json"
            assert said in answer.json()["detail"]
            assert answer.json()["type"] in {"/problems/misdirected-request", "/problems/stranger"}

    assert world.generator.calls == 0


async def test_who_is_known_may_call() -> None:
    mcp = McpSection(allowed_hosts=("Ctrl.example.org",), allowed_origins=("https://IDE.example.org/",))
    async with by_hand(World(), mcp=mcp) as client:
        for headers in (
            {},
            {"host": "localhost:8000"},
            {"host": "[::1]:8000"},
            {"origin": "http://localhost:6274"},
            {"host": "ctrl.example.org", "origin": "https://ide.example.org"},
        ):
            answer = await client.post("/mcp", json=call("refine_code", ASK), headers=headers)

            assert (headers, answer.status_code) == (headers, 200)


async def test_a_gateway_that_listens_to_the_network_goes_by_any_name_but_lets_no_page_in() -> None:
    async with by_hand(World(), server=ServerSection(host="0.0.0.0"), auth=AuthSection(open=True)) as client:
        named = await client.post("/mcp", json=call("refine_code", ASK), headers={"host": "gateway.svc"})
        page = {"host": "evil.example", "origin": "http://evil.example"}
        rebound = await client.post("/mcp", json=call("refine_code", ASK), headers=page)

    assert named.status_code == 200
    assert rebound.status_code == 403


async def test_messages_come_by_post() -> None:
    async with by_hand(World()) as client:
        for method in ("GET", "DELETE", "PUT"):
            answer = await client.request(method, "/mcp")

            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


NO_MESSAGES = (
    b"",
    b"{",
    b"[]",
    b"[" * 100_000,
    b"\xff\xfe",
    b'{"jsonrpc": "2.0", "id": 1}',
    b'{"jsonrpc": "1.0", "id": 1, "method": "tools/list"}',
    b'{"jsonrpc": "2.0", "method": "initialize", "params": 7, "id": 1}',
    b'{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": [1]}',
    b'{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": {}}}',
    b'{"jsonrpc": "2.0", "method": "tools/call", "id": 1, "params": {"name": ["x"]}}',
)


async def test_what_is_no_message_is_refused_without_a_crash() -> None:
    async with by_hand(World()) as client:
        for version in (b"2025-06-18", b"2026-07-28", b"1999-01-01", b"\xff"):
            for body in NO_MESSAGES:
                headers = [
                    (b"content-type", b"application/json"),
                    (b"mcp-protocol-version", version),
                    (b"mcp-session-id", b"x"),
                ]
                answer = await client.post("/mcp", content=body, headers=headers)

                assert (version, body[:80], answer.status_code < 500) == (version, body[:80], True)
        after = await client.post("/mcp", json=INITIALIZE)

    assert after.status_code == 200


async def test_a_request_whose_id_cannot_be_is_refused_and_not_taken_for_a_notification() -> None:
    async with by_hand(World()) as client:
        for version in ("2025-06-18", "2026-07-28"):
            for request_id in ("null", "true", "false", "1.5", "2.0", "[1]", "{}"):
                body = f'{{"jsonrpc": "2.0", "method": "tools/list", "id": {request_id}}}'
                headers = {"content-type": "application/json", "mcp-protocol-version": version}
                answer = await client.post("/mcp", content=body, headers=headers)

                assert (version, request_id, answer.status_code) == (version, request_id, 400)
                assert answer.json()["error"]["code"] == -32600
                assert answer.json()["id"] is None


async def test_strange_text_is_refused_by_its_field_or_taken_as_text() -> None:
    written = json.dumps(call("refine_code", {"problem": "PROBLEM"}))
    async with by_hand(World()) as client:
        for text, refused in (
            ("\\ud800", True),
            ("\\u0000", False),
            ("<|im_end|>", False),
            ("\\u202e", False),
        ):
            body = written.replace("PROBLEM", text)
            answer = await client.post("/mcp", content=body, headers={"content-type": "application/json"})

            assert (text, _is_refused(answer)) == (text, refused)


def _is_refused(answer: httpx.Response) -> bool:
    if answer.status_code == 400:
        return True
    result = answer_of(answer)["result"]
    return bool(result.get("isError")) and "problem: " in result["content"][0]["text"]


async def test_a_body_that_is_no_json_by_its_type_is_refused() -> None:
    """A page can send text/plain without asking first."""
    async with by_hand(World()) as client:
        answer = await client.post("/mcp", content=b"{}", headers={"content-type": "text/plain"})

    assert answer.status_code == 400


async def test_what_is_too_long_is_refused_before_it_is_parsed() -> None:
    async with by_hand(World()) as client:
        headers = {"content-type": "application/json"}
        answer = await client.post("/mcp", content=b"[" * 5_000_000, headers=headers)

    assert answer.status_code == 413
