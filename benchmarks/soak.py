"""Look for leaks: `python -m benchmarks.soak --runs 10000`.

Honest and hostile programs, drawn by seed from the attack corpus, go through one sandbox. It fails when
memory of the service or its launcher still grows after warm-up, or when anything is left behind.
"""

import asyncio
import sys
import time
from typing import Annotated

import structlog
import typer

from sandbox_runner.admission.slots import Slots
from sandbox_runner.sandbox import open_sandbox
from sandbox_runner.settings import Settings
from tests.isolation.bait import laid_out
from tests.isolation.conftest import Arena
from tests.isolation.soaking import Soak, soak

_MOST_GROWTH_BYTES = 8 << 20


async def _soak(runs: int, seed: int) -> tuple[Soak, str]:
    settings, started = Settings.from_environment(), time.monotonic()
    at_once = Slots.of(settings.concurrency).most

    def show(turn: int) -> None:
        rate = turn / (time.monotonic() - started)
        print(f"\r{turn}/{runs} runs, {rate:.0f} a second", end="", file=sys.stderr, flush=True)

    with laid_out() as bait:
        async with open_sandbox(settings) as sandbox:
            seen = await soak(Arena(sandbox), bait, runs, show, concurrency=at_once, seed=seed)
            return seen, sandbox.readiness.tier


def _faults(seen: Soak) -> list[str]:
    faults = [*seen.unexpected[:20], *seen.left]
    for name, grown in (("service", seen.service_growth_bytes), ("launcher", seen.launcher_growth_bytes)):
        if grown > _MOST_GROWTH_BYTES:
            faults.append(f"the memory of the {name} grew by {grown / 2**20:.1f} MiB after warm-up")
    return faults


def main(
    runs: Annotated[int, typer.Option(help="Programs to run.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Which programs.")] = 1,
) -> None:
    """Run many programs and fail when something leaks."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    seen, tier = asyncio.run(_soak(runs, seed))
    print(f"\ntier {tier}, {seen.outcomes.total()} runs: {dict(seen.outcomes.most_common())}")
    for name, samples, grown in (
        ("service", seen.service_bytes, seen.service_growth_bytes),
        ("launcher", seen.launcher_bytes, seen.launcher_growth_bytes),
    ):
        first, last = samples[0] / 2**20, samples[-1] / 2**20
        print(f"{name}: {first:.1f} MiB first, {last:.1f} MiB last, {grown / 2**20:+.2f} MiB after warm-up")
    faults = _faults(seen)
    print("\n".join(faults) or "nothing left behind")
    raise typer.Exit(1 if faults else 0)


if __name__ == "__main__":
    typer.run(main)
