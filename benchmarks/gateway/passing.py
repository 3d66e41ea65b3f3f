"""What a call that is passed on costs, beside other gateways in the same run."""

import statistics
from collections.abc import Sequence

import aiohttp

from benchmarks.gateway.load import Round, closed_loop
from benchmarks.processes import Service

_AT_ONCE = 32
_WARM_UP = 64
"""Calls before each round that do not count: whoever was measured last has filled the caches."""
_MESSAGES = [{"role": "user", "content": "Write f(x), which adds some numbers to x."}]


async def passed_on(gateways: Sequence[tuple[Service, str]], count: int, rounds: int) -> None:
    """Print CPU time a call for each gateway, by the model it knows; ratios are of the same round."""
    found: dict[str, list[Round]] = {service.name: [] for service, _ in gateways}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        for _ in range(rounds):
            for service, model in gateways:
                await _round(session, service, model, _WARM_UP)
                found[service.name].append(await _round(session, service, model, count))
    ours, *_ = found
    print(f"{'passed on':20} {'a second':>9} {'CPU ms a call':>14} {'times ours':>11}")
    for name, each in found.items():
        times = statistics.median(
            theirs.cpu_ms / our.cpu_ms for our, theirs in zip(found[ours], each, strict=True)
        )
        rate = statistics.median(one.rate for one in each)
        cpu_ms = statistics.median(one.cpu_ms for one in each)
        print(f"{name:20} {rate:9.1f} {cpu_ms:14.2f} {times:11.1f}")


async def _round(session: aiohttp.ClientSession, service: Service, model: str, count: int) -> Round:
    async def ask() -> None:
        body = {"model": model, "messages": _MESSAGES}
        headers = {"Authorization": "Bearer none"}
        async with session.post(f"{service.url}/v1/chat/completions", json=body, headers=headers) as answer:
            said = await answer.read()
        if answer.status != 200 or b"def f(x)" not in said:
            raise RuntimeError(f"{service.name} did not pass the call on: {answer.status} {said[:500]!r}")

    return await closed_loop(service, ask, count=count, at_once=_AT_ONCE)
