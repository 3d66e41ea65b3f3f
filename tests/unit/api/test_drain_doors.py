"""A process that must end leaves nobody with half an answer: each door says so in its own words."""

import asyncio
import json
from typing import Any

import pytest
from fastapi import FastAPI

from service.api.drain import Drain
from tests.fakes import FakeChatModel, ScriptedGenerator
from tests.unit.api.world import RIGHT, WRONG, Call, World, client_of, until

CHAT = {"model": "refine", "messages": [{"role": "user", "content": "Add one."}]}
RESPONSE = {"model": "refine", "input": "Add one."}
JUDGED = {"problem": "Add one.", "solutions": [RIGHT]}

DOORS = {
    "/refine": {"problem": "Add one."},
    "/critique": {"problem": "Add one.", "solution": RIGHT},
    "/judge": JUDGED,
    "/compat/slime": {"prompt": "Add one.", "response": RIGHT},
    "/score": {"model": "mini-critic", "queries": "Add one.", "documents": [RIGHT]},
    "/v1/chat/completions": CHAT,
    "/v1/responses": RESPONSE,
}


class Hanging(FakeChatModel):
    """Never answers, and says that it was asked."""

    async def complete(self, *arguments: Any, **options: Any) -> Any:
        self.answers += 1
        await asyncio.Event().wait()

    async def stream(self, *arguments: Any, **options: Any) -> Any:
        await self.complete()
        yield ""


def _begin(app: FastAPI) -> None:
    drain = app.state.drain
    assert isinstance(drain, Drain)
    drain.begin(0.05)


@pytest.mark.parametrize("path", DOORS)
async def test_who_waits_when_it_is_over_is_sent_elsewhere(path: str) -> None:
    world = World(critic=Hanging([""]))
    app = world.app()
    async with client_of(app) as client, asyncio.TaskGroup() as group:
        asking = group.create_task(client.post(path, json=DOORS[path]))
        await until(lambda: world.critic.answers)
        _begin(app)

    answer = asking.result()
    assert answer.status_code == 503
    assert "stopping" in answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert world.gate.inflight == 0


@pytest.mark.parametrize(("path", "body"), [("/v1/chat/completions", CHAT), ("/v1/responses", RESPONSE)])
async def test_a_stream_that_is_cut_ends_with_an_error_that_clients_raise(path: str, body: Any) -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=1))
    app = world.app()
    call = Call(app, path, body | {"stream": True})
    async with client_of(app), asyncio.TaskGroup() as group:
        group.create_task(call.run())
        await until(lambda: world.generator.calls == 2)
        _begin(app)

    text = b"".join(message.get("body", b"") for message in call.sent).decode()
    last = json.loads(text.strip().rsplit("data: ", 1)[1])
    error = last["error"] if "error" in last else last["response"]["error"]
    assert "stopping" in error["message"]
    assert call.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert world.generator.in_flight == 0
