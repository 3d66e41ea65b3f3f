"""A model endpoint that a test may kill: `python -m tests.scripted_endpoint --port 9000 --role critic`.

Each problem has a number, and `return x + NUMBER` solves it. The generator begins with two wrong programs;
the critic knows a right one. Calls are held, streamed ones after their first half, until they are let go.
"""

import argparse
import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fakes import CORRECT, INCORRECT

FIRST, SECOND = "def f(x):\n    return x", "def f(x):\n    return x - 1"
_NUMBER = re.compile(r"Add (\d+) to a number")
_SOLVED = re.compile(r"return x \+ (\d+)$", re.MULTILINE)
_USAGE = {"prompt_tokens": 90, "completion_tokens": 30, "total_tokens": 120}


def problem(number: int) -> str:
    return f"Add {number} to a number."


def solution(number: int) -> str:
    return f"def f(x):\n    return x + {number}"


def written(prompt: str) -> str:
    """Answer as the generator."""
    return f"```python\n{_program(prompt)}\n```"


def _program(prompt: str) -> str:
    if SECOND in prompt:
        return solution(_number(prompt))
    return SECOND if FIRST in prompt else FIRST


def reviewed(prompt: str) -> str:
    """Answer as the critic."""
    found = _SOLVED.search(prompt)
    return CORRECT if found is not None and int(found[1]) == _number(prompt) else INCORRECT


def _number(prompt: str) -> int:
    found = _NUMBER.search(prompt)
    assert found is not None, prompt
    return int(found[1])


@dataclass
class Endpoint:
    """Holds calls while `going` is not set."""

    role: str
    going: asyncio.Event = field(default_factory=asyncio.Event)
    held: int = 0

    async def complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        prompt = "\n".join(turn["content"] for turn in body["messages"])
        text = reviewed(prompt) if self.role == "critic" else written(prompt)
        if body.get("stream"):
            return await self._stream(request, text)
        await self._turn()
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return web.json_response({"choices": [choice], "usage": _USAGE})

    async def let(self, request: web.Request) -> web.Response:
        """Let go of what is held; with `for=ever` hold nothing any more."""
        self.going.set()
        if request.query.get("for") != "ever":
            self.going = asyncio.Event()
        return web.json_response({})

    async def counts(self, request: web.Request) -> web.Response:
        return web.json_response({"held": self.held})

    async def models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": []})

    async def _turn(self) -> None:
        self.held += 1
        try:
            await self.going.wait()
        finally:
            self.held -= 1

    async def _stream(self, request: web.Request, text: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        half = len(text) // 2
        await response.write(_event({"content": text[:half]}))
        await self._turn()
        last = _data({"choices": [], "usage": _USAGE}) + b"data: [DONE]\n\n"
        await response.write(_event({"content": text[half:]}) + _event({}, "stop") + last)
        return response


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    return _data({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def _data(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--role", choices=["generator", "critic"], required=True)
    parser.add_argument("--open", action="store_true", help="hold nothing")
    given = parser.parse_args()
    endpoint = Endpoint(given.role)
    if given.open:
        endpoint.going.set()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", endpoint.complete)
    app.router.add_get("/v1/models", endpoint.models)
    app.router.add_post("/let", endpoint.let)
    app.router.add_get("/counts", endpoint.counts)
    web.run_app(
        app, host="127.0.0.1", port=given.port, access_log=None, print=None, handler_cancellation=True
    )


if __name__ == "__main__":
    main()
