"""What a refinement costs the gateway."""

import statistics
from collections.abc import Sequence

import aiohttp

from benchmarks.gateway.load import Round, closed_loop, median_of
from benchmarks.processes import Service

REVISIONS = 2
CALLS = 2 + 2 * REVISIONS
"""A draft and its critique, then a revision and its critique."""

_BARE = "bare calls"
_AT_ONCE = (1, 50, 200, 800)
REQUEST = {
    "problem": "Write f(x), which adds some numbers to x.",
    "rounds": REVISIONS,
    "stop": "never",
}


async def refinements(gateway: Service, bare: Service, count: int, rounds: int) -> None:
    """Print a table: the bare calls, whole answers and streamed ones, few and many at once.

    The last column is CPU time over that of the bare calls in the same round: nothing can be less than 1.
    """
    kinds = ((_BARE, bare, False), ("refine", gateway, False), ("refine, streamed", gateway, True))
    columns = ("at once", "a second", "CPU ms", "p50 ms", "p99 ms", "KB each", "of bare")
    print(f"{'':20}", *(f"{column:>8}" for column in columns))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        for at_once in _AT_ONCE:
            enough = max(4 * at_once, min(count, 25 * at_once))
            found: dict[str, list[Round]] = {name: [] for name, _, _ in kinds}
            for _ in range(rounds):
                for name, service, stream in kinds:
                    one = await refined(session, service, stream=stream, count=enough, at_once=at_once)
                    found[name].append(one)
            for name, each in found.items():
                _show(name, at_once, each, found[_BARE])


async def refined(
    session: aiohttp.ClientSession, gateway: Service, *, stream: bool, count: int, at_once: int
) -> Round:
    """Refine `count` times."""

    async def ask() -> None:
        async with session.post(f"{gateway.url}/refine", json=REQUEST | {"stream": stream}) as answer:
            body = await answer.read()
        wanted = b"event: refinement.completed" if stream else b'"status":"completed"'
        if answer.status != 200 or wanted not in body:
            raise RuntimeError(f"the gateway did not refine: {answer.status} {body[-500:]!r}")

    return await closed_loop(gateway, ask, count=count, at_once=at_once)


async def soak(gateway: Service, count: int) -> None:
    """Refine `count` times and print how memory goes: it must not follow the count."""
    tenth = max(1, count // 10)
    print(f"memory over {10 * tenth} refinements, 50 at once, in MB:", end=" ", flush=True)
    async with aiohttp.ClientSession() as session:
        for _ in range(10):
            await refined(session, gateway, stream=False, count=tenth, at_once=50)
            print(f"{gateway.resident_bytes() / 2**20:.1f}", end=" ", flush=True)
    print()


def _show(name: str, at_once: int, found: Sequence[Round], bare: Sequence[Round]) -> None:
    times = statistics.median(one.cpu_ms / least.cpu_ms for one, least in zip(found, bare, strict=True))
    figures = (
        f"{median_of(found, lambda each: each.rate):8.1f}",
        f"{median_of(found, lambda each: each.cpu_ms):8.2f}",
        f"{median_of(found, lambda each: each.percentile_ms(50)):8.0f}",
        f"{median_of(found, lambda each: each.percentile_ms(99)):8.0f}",
        f"{max(each.grown_bytes for each in found) / at_once / 1024:8.0f}",
        f"{times:8.1f}",
    )
    print(f"{name:20} {at_once:8}", *figures)
