"""A model endpoint that costs next to nothing: `python -m benchmarks.gateway.upstream`.

Raw asyncio, so that the gateway in front of it is what a measurement sees. Answers take a fixed time; a
streamed one comes in even pieces. Model `critic` finds the same fault every time, and its answers, long with
the log probabilities of every token, are written once; any other model writes a new program. As a collector
of traces it takes all and keeps none.
"""

import asyncio
import functools
import itertools
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

_WORDS = 220
"""Of a critique or a program, about 300 tokens of an ordinary model."""

_CRITIQUE = (
    f"Analysis:\n{' '.join(f'word{n % 37}' for n in range(_WORDS))}\n\n"
    "Improvement suggestions:\nBegin from another number.\n\nOverall judgment: Incorrect"
)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long an answer takes, and in how many pieces a streamed one comes."""

    latency_s: float
    pieces: int


@dataclass(slots=True)
class Counts:
    """What the endpoint has seen: calls begun, and when callers hung up before the end of an answer."""

    begun: int = 0
    hung_up: int = 0
    open: int = 0
    hung_up_at: float = 0.0
    """The last time, by the monotonic clock that all processes of the machine share."""

    def as_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()


class Connection(asyncio.Protocol):
    """One keep-alive connection, a request at a time."""

    numbers = itertools.count()

    def __init__(self, pace: Pace, counts: Counts) -> None:
        self._pace, self._counts = pace, counts
        self._received = b""
        self._answering: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answering is not None and not self._answering.done():
            self._counts.hung_up += 1
            self._counts.hung_up_at = time.monotonic()
            self._answering.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        length = _content_length(head)
        if len(rest) >= length:
            self._received = rest[length:]
            self._answer(head.split(b" ", 2)[:2], rest[:length])

    def _answer(self, request: list[bytes], body: bytes) -> None:
        match request:
            case [b"POST", b"/v1/traces"]:
                self._send(b"")
            case [b"POST", _]:
                self._answering = asyncio.get_running_loop().create_task(self._complete(json.loads(body)))
            case [_, b"/counts"]:
                self._send(self._counts.as_json())
            case _:
                self._send(b'{"object":"list","data":[]}')

    async def _complete(self, request: dict[str, Any]) -> None:
        self._counts.begun += 1
        self._counts.open += 1
        text = _CRITIQUE if request["model"] == "critic" else _program(next(self.numbers))
        with_logprobs = bool(request.get("logprobs"))
        try:
            if request.get("stream"):
                await self._stream(_events(text, self._pace.pieces, with_logprobs))
            else:
                await asyncio.sleep(self._pace.latency_s)
                self._send(_whole(text, with_logprobs))
        finally:
            self._counts.open -= 1

    async def _stream(self, events: Sequence[bytes]) -> None:
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for event in events:
            await asyncio.sleep(self._pace.latency_s / len(events))
            self._transport.write(event)
        self._transport.write(_chunk(_LAST) + b"0\r\n\r\n")

    def _send(self, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


_USAGE = {"prompt_tokens": 900, "completion_tokens": 300, "total_tokens": 1200}
_LAST = (
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    + b'data: {"choices":[],"usage":%b}\n\ndata: [DONE]\n\n' % json.dumps(_USAGE).encode()
)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _program(number: int) -> str:
    lines = "\n".join(f"    x += {n}  # {number}" for n in range(_WORDS // 4))
    return f"```python\ndef f(x):\n{lines}\n    return x\n```"


@functools.lru_cache(maxsize=64)
def _whole(text: str, with_logprobs: bool) -> bytes:
    message = {"role": "assistant", "content": text}
    choice: dict[str, object] = {"index": 0, "message": message, "finish_reason": "stop"}
    if with_logprobs:
        tokens = _pieces(text, _USAGE["completion_tokens"])
        choice["logprobs"] = {"content": [_token(token) for token in tokens]}
    return json.dumps({"id": "c", "object": "chat.completion", "choices": [choice], "usage": _USAGE}).encode()


def _pieces(text: str, count: int) -> list[str]:
    size = -(-len(text) // count)
    return [text[start : start + size] for start in range(0, len(text), size)]


@functools.lru_cache(maxsize=64)
def _events(text: str, count: int, with_logprobs: bool) -> Sequence[bytes]:
    return [_chunk(_event(piece, with_logprobs=with_logprobs)) for piece in _pieces(text, count)]


def _event(piece: str, *, with_logprobs: bool) -> bytes:
    choice: dict[str, object] = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
    if with_logprobs:
        choice["logprobs"] = {"content": [_token(piece)]}
    return f"data: {json.dumps({'choices': [choice]})}\n\n".encode()


def _token(text: str) -> dict[str, object]:
    """Tell a token as vLLM does, with its bytes and five alternatives."""
    top = [{"token": f"{text}{n}", "logprob": -0.5 - n, "bytes": [*text.encode()]} for n in range(5)]
    return {"token": text, "logprob": -0.5, "bytes": [*text.encode()], "top_logprobs": top}


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def _serve(port: int, pace: Pace) -> None:
    counts = Counts()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(pace, counts), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


def main(
    port: Annotated[int, typer.Option(help="On loopback.")] = 9000,
    latency_ms: Annotated[float, typer.Option(help="What one answer takes.")] = 200.0,
    pieces: Annotated[int, typer.Option(help="Of a streamed answer.")] = 60,
) -> None:
    """Answer chat completions at a fixed pace."""
    asyncio.run(_serve(port, Pace(latency_ms / 1000, pieces)))


if __name__ == "__main__":
    typer.run(main)
