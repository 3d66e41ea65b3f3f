"""What the gateway adds to the calls it makes: `python -m benchmarks.gateway`.

The models behind it are one mock endpoint with a fixed latency, in a process of its own; the load comes from
a third. CPU time is that of the gateway alone, read from /proc, with its metrics and logs on. Figures are
medians over rounds.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import aiohttp
import typer

from benchmarks.gateway.load import Round, closed_loop, median_of
from benchmarks.processes import Service, module

ROUNDS_OF_REFINEMENT = 2
CALLS = 2 + 2 * ROUNDS_OF_REFINEMENT
"""A draft and its critique, then a revision and a critique each round."""

_CONFIG = """
[server]
max_inflight = 4000

[models.writer]
engine = "openai"
base_url = "{url}/v1"
model = "writer"
role = "generator"

[models.critic]
engine = "openai"
base_url = "{url}/v1"
model = "critic"
role = "critic"

[defaults]
generator = "writer"
critic = "critic"
"""


@asynccontextmanager
async def _gateway(upstream: Service) -> AsyncIterator[Service]:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "ctrl.toml"
        config.write_text(_CONFIG.format(url=upstream.url))
        async with module(
            "gateway", "service.cli", "serve", "--config", str(config), ready="/health"
        ) as gateway:
            yield gateway


async def _refine(session: aiohttp.ClientSession, gateway: Service, *, stream: bool) -> None:
    request = {
        "problem": "Write f(x), which adds some numbers to x.",
        "rounds": ROUNDS_OF_REFINEMENT,
        "stop": "never",
        "stream": stream,
    }
    async with session.post(f"{gateway.url}/refine", json=request) as answer:
        body = await answer.read()
    wanted = b"event: refinement.completed" if stream else b'"status":"completed"'
    if answer.status != 200 or wanted not in body:
        raise RuntimeError(f"the gateway did not refine: {answer.status} {body[:500]!r}")


async def _refinements(gateway: Service, count: int, rounds: int) -> None:
    print(f"{'':24} {'at once':>8} {'a second':>9} {'CPU ms':>8} {'p50 ms':>8} {'p99 ms':>8} {'KB each':>8}")
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        for stream in (False, True):
            for at_once in (1, 50, 200, 800):
                found = [
                    await closed_loop(
                        gateway,
                        lambda stream=stream: _refine(session, gateway, stream=stream),  # type: ignore[misc]
                        count=max(2 * at_once, min(count, 25 * at_once)),
                        at_once=at_once,
                    )
                    for _ in range(rounds)
                ]
                _show("refine, streamed" if stream else "refine", at_once, found)


def _show(name: str, at_once: int, found: list[Round]) -> None:
    figures = (
        f"{median_of(found, lambda each: each.rate):9.1f}",
        f"{median_of(found, lambda each: each.cpu_ms):8.2f}",
        f"{median_of(found, lambda each: each.percentile_ms(50)):8.0f}",
        f"{median_of(found, lambda each: each.percentile_ms(99)):8.0f}",
        f"{max(each.grown_bytes for each in found) / at_once / 1024:8.0f}",
    )
    print(f"{name:24} {at_once:8}", *figures)


async def _measure(count: int, rounds: int, latency_ms: float, pieces: int) -> None:
    pace = ("--latency-ms", str(latency_ms), "--pieces", str(pieces))
    async with (
        module("upstream", "benchmarks.gateway.upstream", *pace, ready="/counts") as upstream,
        _gateway(upstream) as gateway,
    ):
        print(
            f"{CALLS} calls a refinement, {latency_ms:g} ms each, streamed in {pieces} pieces with logprobs; "
            f"{latency_ms * CALLS:g} ms at least"
        )
        await _refinements(gateway, count, rounds)


def main(
    count: Annotated[int, typer.Option(help="Refinements a round.")] = 400,
    rounds: Annotated[int, typer.Option(help="Rounds.")] = 3,
    latency_ms: Annotated[float, typer.Option(help="Of one model call.")] = 200.0,
    pieces: Annotated[int, typer.Option(help="Of a streamed completion.")] = 60,
) -> None:
    """Measure the gateway in front of a mock endpoint."""
    asyncio.run(_measure(count, rounds, latency_ms, pieces))


if __name__ == "__main__":
    typer.run(main)
