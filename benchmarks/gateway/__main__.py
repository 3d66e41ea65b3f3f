"""What the gateway adds to the calls it makes: `python -m benchmarks.gateway`.

The models behind it are one mock endpoint with a fixed latency, in a process of its own; the load comes from
a third. CPU time is that of the gateway alone, read from /proc, with its metrics and logs on, and with
`--traces` its spans too. Figures are medians over rounds. With `--peers`, LiteLLM's proxy and optillm pass on
the same calls in the same run.
"""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.gateway.cancelling import latencies_ms, ways_to_leave
from benchmarks.gateway.ours import opened
from benchmarks.gateway.passing import passed_on
from benchmarks.gateway.peers import peers as open_peers
from benchmarks.gateway.refining import CALLS, refinements, soak
from benchmarks.percentiles import percentile
from benchmarks.processes import Service, module


async def _compare(gateway: Service, upstream: Service, folder: Path, count: int, rounds: int) -> None:
    async with open_peers(upstream, folder) as others:
        known = [(service, peer.model) for peer, service in others]
        await passed_on([(gateway, "writer"), *known], count, rounds)


async def _cancel(gateway: Service, upstream: Service, latency_s: float, count: int) -> None:
    print(f"{'client leaves':34} {'p50 ms':>8} {'p99 ms':>8}")
    for leaving in ways_to_leave(latency_s):
        found = await latencies_ms(gateway, upstream, leaving, count)
        print(f"{leaving.name:34} {percentile(found, 50):8.1f} {percentile(found, 99):8.1f}")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of what."""

    count: int
    rounds: int
    latency_ms: float
    pieces: int
    cancelled: int
    soak: int
    peers: bool
    traces: bool


async def _measure(plan: Plan) -> None:
    pace = ("--latency-ms", str(plan.latency_ms), "--pieces", str(plan.pieces))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with (
            module("upstream", "benchmarks.gateway.upstream", *pace, ready="/counts") as upstream,
            opened(upstream, folder, _traced(upstream) if plan.traces else "") as gateway,
            module("bare", "benchmarks.gateway.bare", "--endpoint", upstream.url, ready="/") as bare,
        ):
            print(
                f"{CALLS} calls a refinement, {plan.latency_ms:g} ms each, {plan.pieces} pieces if streamed"
            )
            if plan.peers:
                await _compare(gateway, upstream, folder, plan.count, plan.rounds)
            else:
                await passed_on([(gateway, "writer")], plan.count, plan.rounds)
            await refinements(gateway, bare, plan.count, plan.rounds)
            await _cancel(gateway, upstream, plan.latency_ms / 1000, plan.cancelled)
            if plan.soak:
                await soak(gateway, plan.soak)


def _traced(collector: Service) -> str:
    return f'[tracing]\nendpoint = "{collector.url}"\n'


def main(  # noqa: PLR0913, PLR0917 - options
    count: Annotated[int, typer.Option(help="Requests a round.")] = 400,
    rounds: Annotated[int, typer.Option(help="Rounds.")] = 3,
    latency_ms: Annotated[float, typer.Option(help="Of one model call.")] = 200.0,
    pieces: Annotated[int, typer.Option(help="Of a streamed completion.")] = 60,
    cancelled: Annotated[int, typer.Option(help="Clients that leave, for each way to leave.")] = 100,
    soak: Annotated[int, typer.Option(help="Refinements for the memory figure; 0 leaves it out.")] = 0,
    peers: Annotated[bool, typer.Option(help="Install and measure other gateways too.")] = False,
    traces: Annotated[bool, typer.Option(help="Record and send spans.")] = False,
) -> None:
    """Measure the gateway in front of a mock endpoint."""
    asyncio.run(_measure(Plan(count, rounds, latency_ms, pieces, cancelled, soak, peers, traces)))


if __name__ == "__main__":
    typer.run(main)
