"""Requests as assistants really send them, and what these need of the answers."""

import json
from typing import Any

import aiohttp
import pytest

from tests.contract.openai_door.doors import JSON_BODY, Doors
from tests.openai_server import streamed
from tests.unit.api.world import RIGHT


def _message(role: str, text: str, kind: str = "input_text") -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


CODEX_HEADERS = {
    "originator": "codex_exec",
    "user-agent": "codex_exec/0.171.0 (Debian 12.0.0; x86_64) xterm (codex_exec; 0.171.0)",
    "accept": "text/event-stream",
    "accept-encoding": "zstd,gzip",
    "x-codex-beta-features": "remote_compaction_v2",
}
CODEX: dict[str, Any] = {
    "model": "refine",
    "stream": True,
    "input": [
        {
            "type": "message",
            "role": "developer",
            "content": [{"type": "input_text", "text": "You are Codex."}],
        },
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi there"}]},
    ],
    "tools": [
        {"type": "function", "name": "exec_command", "strict": False, "parameters": {"type": "object"}},
        {"type": "namespace", "name": "mcp__ctrl", "tools": []},
        {"type": "web_search", "external_web_access": True},
    ],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "reasoning": {"summary": "auto"},
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "01a22b13",
    "client_metadata": {
        "session_id": "01a22b13",
        "turn_id": "01a22b14",
        "x-codex-installation-id": "f0bc7217",
        "x-codex-turn-metadata": '{"request_kind":"turn"}',
    },
}
COMPACTION = {
    **CODEX,
    "input": [
        *CODEX["input"],
        _message("assistant", "Hello.", "output_text"),
        _message("user", "You are performing a CONTEXT CHECKPOINT COMPACTION."),
    ],
    "tools": [],
    "parallel_tool_calls": False,
}
"""Codex's summary of its own conversation, which offers no tools: here one in which none was called."""

COMPLETED = 'event: response.completed\ndata: {"type":"response.completed"}\n\n'


@pytest.mark.parametrize("asked", [CODEX, COMPACTION], ids=["turn", "compaction"])
async def test_whatever_codex_asks_reaches_the_generator(
    doors: Doors, http: aiohttp.ClientSession, asked: dict[str, Any]
) -> None:
    doors.endpoint.answer(streamed(COMPLETED))

    async with http.post(
        f"{doors.url}/v1/responses", data=json.dumps(asked), headers=JSON_BODY | CODEX_HEADERS
    ) as response:
        answer = await response.text()

    assert (response.status, answer) == (200, COMPLETED)
    assert doors.endpoint.bodies == [asked | {"model": "gpt-4o"}]
    assert doors.world.generator.calls == 0


async def test_an_item_that_is_only_referred_to_is_refused_with_what_to_do(
    doors: Doors, http: aiohttp.ClientSession
) -> None:
    """Vercel's AI SDK repeats what it was answered by ids alone, unless it is told that nothing is stored."""
    first = {"model": "refine", "input": [_message("user", "Add one.")]}
    url = f"{doors.url}/v1/responses"
    async with http.post(url, json=first) as response:
        output = (await response.json())["output"]
    references = [{"type": "item_reference", "id": item["id"]} for item in output]
    last = _message("user", "Better.")

    async with http.post(url, json=first | {"input": [*first["input"], *references, last]}) as response:
        refused = await response.json()
    async with http.post(url, json=first | {"input": [*first["input"], *output, last]}) as response:
        status = response.status

    assert refused["error"]["param"] == "input.1"
    assert "store: false" in refused["error"]["message"]
    assert status == 200
    assert RIGHT in doors.world.critic.conversations[-1][-1].content
