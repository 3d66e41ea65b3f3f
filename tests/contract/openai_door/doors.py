"""A gateway on a real socket, in front of a real endpoint on another one."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import openai
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from service.adapters.openai import OpenAIModel, Patience
from service.adapters.openai.upstream import OpenAIUpstream
from service.services import ServedModel
from tests.fakes import FakeChatModel
from tests.openai_server import KEY, STEADY, ChatServer, chat_server
from tests.unit.api.world import World, until

PATH = "/v1/chat/completions"
JSON_BODY = {"Content-Type": "application/json"}
TOOLS = '[ {"type":"function", "function": {"name":"read", "parameters": {"x": 1.0, "y": 1e2}}} ]'
AGENT = f'{{"model": "refine",\n "frobnicate": {{"b":[1.0,  1E2]}}, "tools": {TOOLS}, "messages": [ ]}}'


@dataclass(frozen=True)
class Doors:
    """What a test holds: the gateway's parts, the endpoint, and where clients connect."""

    world: World
    endpoint: ChatServer
    url: str
    client: openai.AsyncOpenAI
    """OpenAI's own, which here tries nothing twice."""
    app: FastAPI


@asynccontextmanager
async def open_doors(
    world: World | None = None, *, salted: bool = False, patience: Patience = STEADY, name: str = "gpt"
) -> AsyncGenerator[Doors, None]:
    """Serve: `gpt` and the default generator are behind the endpoint, `tiny` is in the process.

    `name` is what failures of the endpoint call the model; it is `gpt-4o` there.
    """
    world = world or World()
    async with (
        chat_server() as endpoint,
        OpenAIModel(name, endpoint.base_url, "gpt-4o", SecretStr(KEY), patience=patience) as model,
    ):
        far = ServedModel(model, OpenAIUpstream(model.transport, "gpt-4o", salted=salted))
        tiny = ServedModel(FakeChatModel(["Hel\nlo."], name="tiny"))
        world.models = {"gpt": far, "mini-generator": far, "tiny": tiny}
        async with (
            _serving(app := world.app()) as url,
            openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-clients-own", max_retries=0) as client,
        ):
            yield Doors(world, endpoint, url, client, app)


async def post(
    doors: Doors, http: aiohttp.ClientSession, body: str, headers: Mapping[str, str] | None = None
) -> tuple[int, Mapping[str, str], bytes]:
    async with http.post(
        doors.url + PATH, data=body.encode(), headers={**JSON_BODY, **(headers or {})}
    ) as response:
        return response.status, response.headers, await response.read()


@asynccontextmanager
async def _serving(app: FastAPI) -> AsyncGenerator[str, None]:
    # A socket that does not name its protocol keeps Nagle's algorithm: 40 ms a request.
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve([listener]))
            await until(lambda: server.started)
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                server.should_exit = True
