"""A gateway of fakes on a real socket, called by the official SDK's client, or by hand."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from mcp import Client

from tests.unit.api.world import World
from tests.unit.cli.serving import serving

Json = dict[str, Any]

ERAS = ("2026-07-28", "legacy")
"""Both ways to speak: each message for itself, and after a handshake as clients did before."""

ASK: Json = {"problem": "Add one.", "entry_point": "f"}


@dataclass
class Heard:
    """Progress as a client hears it."""

    steps: list[float] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        self.steps.append(progress)
        self.messages.append(message or "")


@asynccontextmanager
async def calling(world: World, era: str, **settings: Any) -> AsyncGenerator[Client, None]:
    """Connect the SDK's client."""
    with serving(world.app(**settings)) as url:
        async with Client(f"{url}/mcp", mode=era) as client:
            yield client


ACCEPT = {"accept": "application/json, text/event-stream"}


@asynccontextmanager
async def by_hand(world: World, **settings: Any) -> AsyncGenerator[httpx.AsyncClient, None]:
    """Connect a plain HTTP client."""
    with serving(world.app(**settings)) as url:
        async with httpx.AsyncClient(base_url=url, headers=ACCEPT, timeout=10) as client:
            yield client


def message(method: str, params: Json | None = None, request_id: int | None = None) -> Json:
    """Write a JSON-RPC request, or a notification where it has no id."""
    body: Json = {"jsonrpc": "2.0", "method": method}
    if request_id is not None:
        body["id"] = request_id
    return body if params is None else body | {"params": params}


def call(tool: str, arguments: Mapping[str, Any], request_id: int = 1) -> Json:
    return message("tools/call", {"name": tool, "arguments": dict(arguments)}, request_id)


INITIALIZE = message(
    "initialize",
    {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    0,
)


def answer_of(response: httpx.Response) -> Json:
    """Read the last message of an answer, streamed or not."""
    if response.headers["content-type"].startswith("application/json"):
        return dict(response.json())
    lines = [line for line in response.text.splitlines() if line.startswith("data: ")]
    return dict(json.loads(lines[-1].removeprefix("data: ")))
