"""A real HTTP server on loopback that answers chat completions as a test says."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from service.adapters.openai import Patience
from service.domain.chat import ChatModel, Completion, Message, Sampling, TokenLogprob
from service.domain.errors import RequestError

HI = [Message("system", "be brief"), Message("user", "hi")]
PLAIN = Sampling()
KEY = "sk-very-secret"
QUICK = Patience(
    attempts=3,
    first_wait_s=0.01,
    longest_wait_s=1.0,
    first_byte_s=0.3,
    whole_s=0.3,
    idle_s=0.2,
    total_s=2.0,
)
STEADY = replace(QUICK, first_byte_s=60.0, whole_s=60.0, idle_s=60.0, total_s=60.0)
"""Repeats as quickly, and waits for an answer however busy the machine is."""

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class ChatServer:
    """Gives its answers in turn, the last one for ever, and remembers what it was asked."""

    base_url: str = ""
    answers: deque[Answering] = field(default_factory=deque)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    raw_bodies: list[bytes] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client closed its connection before its answer was complete."""

    def answer(self, *answers: Answering) -> None:
        self.answers.extend(answers)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.raw_bodies.append(await request.read())
        self.bodies.append(await request.json())
        self.headers.append(request.headers)
        self.asked.set()
        answer = self.answers.popleft() if len(self.answers) > 1 else self.answers[0]
        try:
            return await answer(request)
        except (asyncio.CancelledError, ConnectionError):
            self.hung_up.set()
            raise


@asynccontextmanager
async def chat_server() -> AsyncGenerator[ChatServer, None]:
    """Serve on a free port."""
    server = ChatServer()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.handle)
    app.router.add_post("/v1/responses", server.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        server.base_url = f"http://{host}:{port}/v1"
        yield server
    finally:
        await runner.cleanup()


def whole(*texts: str, **fields: object) -> Answering:
    """Answer with a choice a text."""
    choices = [
        {"index": i, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        for i, text in enumerate(texts)
    ]
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    return reply({"object": "chat.completion", "choices": choices, "usage": usage} | fields)


def reply(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answering:
    """Answer with JSON."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(body, status=status, headers=headers)

    return answer


def raw(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Answering:
    """Answer with these very bytes."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body, status=status, headers=headers, content_type="application/json")

    return answer


def refusal(
    status: int, message: str = "no", headers: Mapping[str, str] | None = None, **error: str
) -> Answering:
    """Answer with OpenAI's error body."""
    return reply({"error": {"message": message, **error}}, status, headers)


def streamed(*chunks: str | bytes, ending: Awaitable[object] | None = None) -> Answering:
    """Answer with server-sent events, as raw text; then wait for `ending`."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk if isinstance(chunk, bytes) else chunk.encode())
        if ending is not None:
            await ending
        return response

    return answer


def event(text: str | None = None, finish: str | None = None, **fields: object) -> str:
    """Write one event of a streamed answer."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return f"data: {json.dumps({'choices': [choice], **fields})}\n\n"


DONE = "data: [DONE]\n\n"


async def hang(request: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.sleep(3600)
    raise AssertionError


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Close the connection without a word."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def break_off(request: web.Request) -> web.StreamResponse:
    """Begin a streamed answer and lose the connection."""
    response = await streamed(event("Hel"))(request)
    assert request.transport is not None
    # Closed, not aborted: a reset could overtake the event.
    request.transport.close()
    return response


async def drip(request: web.Request) -> web.StreamResponse:
    """Stream a little, for ever."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(event("x").encode())
        await asyncio.sleep(0.02)


def speaking(model: ChatModel) -> Answering:
    """Answer as `model` would, the way vLLM words it."""

    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        messages = [Message(turn["role"], turn["content"]) for turn in body["messages"]]
        sampling = _sampling(body)
        try:
            if not body["stream"]:
                return web.json_response(_answer(await model.complete(messages, sampling, body.get("n", 1))))
            return await _stream(request, model, messages, sampling)
        except RequestError as error:
            message = f"This model's maximum context length was exceeded: {error}"
            return web.json_response({"error": {"message": message, "code": 400}}, status=400)

    return answer


def _sampling(body: Mapping[str, Any]) -> Sampling:
    return Sampling(
        temperature=body.get("temperature"),
        top_p=body.get("top_p"),
        max_tokens=body.get("max_tokens"),
        seed=body.get("seed"),
        stop=tuple(body.get("stop", ())),
        logprobs=body.get("top_logprobs"),
    )


def _answer(completions: tuple[Completion, ...]) -> dict[str, object]:
    return {
        "choices": [
            {
                "index": index,
                "message": {"role": "assistant", "content": completion.text},
                "finish_reason": completion.finish_reason,
                "logprobs": _logprobs(completion.logprobs),
            }
            for index, completion in enumerate(completions)
        ],
        "usage": _usage(completions),
    }


def _usage(completions: tuple[Completion, ...]) -> dict[str, object]:
    return {
        "prompt_tokens": completions[0].usage.prompt_tokens,
        "completion_tokens": sum(completion.usage.completion_tokens for completion in completions),
        "prompt_tokens_details": {"cached_tokens": completions[0].usage.cached_tokens},
    }


def _logprobs(tokens: Sequence[TokenLogprob] | None) -> dict[str, object] | None:
    if tokens is None:
        return None
    return {
        "content": [
            {
                "token": token.text,
                "logprob": token.logprob,
                "top_logprobs": [{"token": text, "logprob": value} for text, value in token.top.items()],
            }
            for token in tokens
        ]
    }


async def _stream(
    request: web.Request, model: ChatModel, messages: list[Message], sampling: Sampling
) -> web.StreamResponse:
    stream = model.stream(messages, sampling)
    # What is wrong with the request shows before the first piece, while there is still a status to send.
    item = await anext(stream)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    while not isinstance(item, Completion):
        await response.write(event(item).encode())
        item = await anext(stream)
    last = {"choices": [{"index": 0, "delta": {}, "logprobs": _logprobs(item.logprobs)}]}
    await response.write(f"data: {json.dumps(last)}\n\n".encode())
    await response.write(event(None, item.finish_reason).encode())
    usage = json.dumps({"choices": [], "usage": _usage((item,))})
    await response.write(f"data: {usage}\n\n{DONE}".encode())
    await stream.aclose()
    return response
