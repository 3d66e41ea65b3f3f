"""Where each part ends: its limit in refinements a second, of one gateway or of one cell."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.capacity.cells import Division
from benchmarks.capacity.plan import Plan
from benchmarks.capacity.workload import Role
from service.adapters.openai.transport import CONNECTIONS
from service.settings import ADDRESSES, SandboxSection, ServerSection, StoreSection
from service.settings.section import Section

_REDIS_GB = 64
"""Memory that a Redis may have, for the row that speaks of memory."""


class Scope(StrEnum):
    """Of what a limit is."""

    GATEWAY = "a gateway"
    CELL = "a cell"


@dataclass(frozen=True, slots=True)
class Limit:
    """One, and what to do about it."""

    name: str
    value: str
    scope: Scope
    rate: float
    """Refinements a second at which it is reached."""
    remedy: str


def limits(plan: Plan, division: Division) -> list[Limit]:
    """All that are known, the lowest first, while refinements take as long as in these cells."""
    seconds = plan.seconds(division.rate, division.sizes)
    found = [*_of_gateway(plan, division, seconds), *_of_cell(plan, seconds)]
    return sorted(found, key=lambda limit: (limit.scope, limit.rate))


def _of_gateway(plan: Plan, division: Division, seconds: float) -> Iterator[Limit]:
    background, inflight = _default(StoreSection, "max_background"), _default(ServerSection, "max_inflight")
    sandbox, judged_s = _default(SandboxSection, "connections"), plan.costs.sandbox.submission_ms.s
    yield Limit("`store.max_background`", f"{background:g}", Scope.GATEWAY, background / seconds, "raise it")
    yield Limit("`server.max_inflight`", f"{inflight:g}", Scope.GATEWAY, inflight / seconds, "raise it")
    for role in Role:
        at_work_s = plan.model_s(role, division.rate, division.sizes)
        yield Limit(
            f"connections to the {role}",
            f"{CONNECTIONS:g}",
            Scope.GATEWAY,
            CONNECTIONS / at_work_s,
            "more gateways",
        )
    yield Limit(
        "one core, durable", "100 %", Scope.GATEWAY, 1 / plan.gateway_s(seconds, durable=1), "more gateways"
    )
    yield Limit(
        "one core, in the foreground",
        "100 %",
        Scope.GATEWAY,
        1 / plan.gateway_s(seconds, durable=0),
        "more gateways",
    )
    yield Limit(
        "`sandbox.connections`",
        f"{sandbox:g}",
        Scope.GATEWAY,
        sandbox / (plan.workload.rounds * judged_s),
        "raise it",
    )


def _of_cell(plan: Plan, seconds: float) -> Iterator[Limit]:
    queued, ttl_s = _default(StoreSection, "max_queued"), _default(StoreSection, "ttl_s")
    kept_bytes = plan.costs.redis.job_kb.value * 1024
    yield Limit(
        f"Redis' memory, `store.ttl_s` = {ttl_s:,.0f}",
        f"{_REDIS_GB} GB",
        Scope.CELL,
        _REDIS_GB * 1e9 / kept_bytes / ttl_s,
        "lower `store.ttl_s`",
    )
    yield Limit(
        "`store.max_queued`, at work included", f"{queued:g}", Scope.CELL, queued / seconds, "raise it"
    )
    yield Limit("Redis' thread", "100 %", Scope.CELL, 1 / plan.redis_s(seconds, durable=1), "another cell")
    for role in Role:
        share, engine = plan.workload.mean(role), plan.engines[role]
        yield Limit(
            f"addresses of the {role}",
            f"{ADDRESSES:g}",
            Scope.CELL,
            ADDRESSES * engine.rate(share.call) / share.calls,
            "another cell, or one address that balances by prefix",
        )


def _default(section: type[Section], name: str) -> float:
    default: float = section.model_fields[name].default
    return default
