"""The running parts of the service, opened and closed together."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from sandbox_runner.boxes.launchers import Launchers
from sandbox_runner.domain.verdict import Tier
from sandbox_runner.judging import BoxJudge, Judge
from sandbox_runner.metrics import Metrics
from sandbox_runner.settings import Settings
from sandbox_runner.tiers.selftest import Readiness, TierTooLowError, examine

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sandbox:
    judge: Judge
    readiness: Readiness
    metrics: Metrics
    launchers: Launchers | None = None


@asynccontextmanager
async def open_sandbox(settings: Settings) -> AsyncIterator[Sandbox]:
    """Start the launcher and attack it; raises TierTooLowError rather than serve with weak walls."""
    if sys.platform != "linux":
        raise OSError("the sandbox needs Linux; run it in a container or a virtual machine")
    metrics = Metrics()
    async with Launchers(settings.cgroup, namespaces=settings.namespaces) as launchers:
        walls = (await launchers.get()).walls
        # Metrics of its own: attacks that we stage are no traffic.
        readiness = await examine(BoxJudge(launchers, Metrics()), walls)
        if readiness.tier < settings.min_tier:
            raise TierTooLowError(readiness, settings.min_tier)
        metrics.tier = readiness.tier
        _report(readiness, walls.failures, walls.cgroup_missing)
        yield Sandbox(BoxJudge(launchers, metrics), readiness, metrics, launchers)


def _report(readiness: Readiness, failures: tuple[str, ...], cgroup_missing: str | None) -> None:
    log.info("sandbox_ready", tier=readiness.tier, walls=readiness.walls)
    for finding in readiness.missing_for(Tier.T3):
        log.warning(
            "primitive_missing",
            primitive=finding.primitive.name,
            needed_for=finding.primitive.needed_for,
            detail=finding.detail,
            remedy=finding.primitive.remedy,
        )
    if failures or cgroup_missing:
        log.warning("walls_degraded", failures=failures, cgroup=cgroup_missing)
