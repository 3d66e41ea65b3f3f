"""The calls of a refinement and nothing else: `python -m benchmarks.gateway.bare`.

The gateway's server, its client library and its very requests, without a gateway between them. What a
refinement costs here, no gateway of these parts can go below.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import aiohttp
import typer
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from benchmarks.gateway.refining import REQUEST, REVISIONS
from service.adapters.openai.answer import Answer
from service.adapters.openai.dialect import Dialect
from service.cli import garbage
from service.cli.protocol import BoundedHeadProtocol
from service.domain.chat import Message as ChatMessage
from service.domain.chat import Sampling
from service.domain.extraction import extract_code
from service.domain.parsing import parse_critique
from service.domain.rules import RefineSampling
from service.domain.task import Candidate, Task
from service.domain.templates import GENERATOR_TEMPLATE, PROMPTED_CRITIC_TEMPLATE

_SAMPLING = RefineSampling()


class BareCalls:
    """An application that answers `/refine` with six calls, one after another, and reads none of them."""

    def __init__(self, endpoint: str) -> None:
        self._url = f"{endpoint}/v1/chat/completions"
        self._requests: Sequence[bytes] = ()
        self._answer = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        while (await receive()).get("more_body"):
            pass
        if scope["path"] == "/refine":
            for request in self._requests:
                await self._call(request)
        await send(_start(self._answer))
        await send({"type": "http.response.body", "body": self._answer})

    async def _live(self, receive: Receive, send: Send) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(connector=connector, cookie_jar=jar) as self._session:
            await receive()
            await self._prepare()
            garbage.settle()
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _prepare(self) -> None:
        """Write the requests down as the gateway would."""
        task = Task(str(REQUEST["problem"]), None, (), "python")
        proposal = _request("writer", GENERATOR_TEMPLATE.proposal(task), _SAMPLING.propose)
        written = await self._text(proposal)
        candidate = Candidate(extract_code(written), written)
        asked = PROMPTED_CRITIC_TEMPLATE.request(task, candidate)
        review = _request("critic", asked, replace(_SAMPLING.critique, logprobs=5))
        critique = parse_critique(await self._text(review))
        revision = _request(
            "writer", GENERATOR_TEMPLATE.revision(task, candidate, critique), _SAMPLING.revise
        )
        self._requests = [proposal, review, *[revision, review] * REVISIONS]
        told = [candidate.code, critique.text, critique.analysis] * (1 + REVISIONS)
        self._answer = json.dumps({"status": "completed", "rounds": told}, separators=(",", ":")).encode()

    async def _text(self, request: bytes) -> str:
        (completion,) = Answer.parse(await self._call(request)).completions()
        return completion.text

    async def _call(self, request: bytes) -> bytes:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        async with self._session.post(self._url, data=request, headers=headers) as answer:
            return await answer.read()


def _request(model: str, messages: Sequence[ChatMessage], sampling: Sampling) -> bytes:
    return json.dumps(Dialect(model).payload(messages, sampling)).encode()


def _start(answer: bytes) -> Message:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    return {"type": "http.response.start", "status": 200, "headers": headers}


def main(
    endpoint: Annotated[str, typer.Option(help="Of the models.")],
    port: Annotated[int, typer.Option(help="On loopback.")] = 9001,
) -> None:
    """Serve."""
    app = BareCalls(endpoint)
    uvicorn.run(app, http=BoundedHeadProtocol, port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    typer.run(main)
