"""Tables as Markdown, one function each."""

import math
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.capacity.costs import Costs
from benchmarks.capacity.engine import Engine
from benchmarks.capacity.experiments import AtRate, Bounded, Shortage
from benchmarks.capacity.limits import Limit
from benchmarks.capacity.plan import Plan
from benchmarks.capacity.reality import Compared, Observed, UnitCosts
from benchmarks.capacity.workload import Role


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def costs_table(costs: Costs) -> str:
    """Each figure with its source."""
    rows = [
        (
            f"`{name}`",
            f"{figure.value:g}",
            figure.what,
            f"`{figure.command}`, {figure.date}, {figure.machine}",
        )
        for name, figure in costs.figures()
    ]
    return table(("cost", "value", "what", "measured by"), rows)


def demand_table(plan: Plan) -> str:
    """Tokens and GPU time of one refinement."""
    rows = []
    for role in Role:
        share, engine = plan.workload.mean(role), plan.engines[role]
        call = share.call
        rows.append(
            (
                role.value,
                f"{share.calls:g}",
                f"{share.calls * call.prompt:,.0f}",
                f"{call.cached / call.prompt:.0%}",
                f"{share.calls * call.completion:,.0f}",
                f"{engine.sequences(call)}",
                f"{engine.tokens_per_s(engine.sequences(call)):,.0f}",
                f"{engine.rate(call):.1f}",
                f"{plan.gpu_s(role):.3f}" if engine.gpus else "none",
            )
        )
    return table(
        (
            "role",
            "calls",
            "prompt tokens",
            "of them cached",
            "completion tokens",
            "at once on a replica",
            "tokens/s then",
            "calls/s at most",
            "GPU-seconds",
        ),
        rows,
    )


def engines_table(engines: Iterable[Engine]) -> str:
    """Engines and their sources."""
    rows = [
        (
            f"`{engine.name}`",
            f"{engine.step_s * 1000:.2f}",
            f"{engine.sequence_s * 1000:.3f}",
            f"{engine.prompt_token_s * 1000:.4f}",
            f"{engine.cache_tokens:,.0f}",
            f"{engine.max_sequences}",
            engine.source,
        )
        for engine in engines
    ]
    head = (
        "engine",
        "ms a step",
        "ms a sequence",
        "ms a prompt token",
        "cached tokens",
        "sequences",
        "source",
    )
    return table(head, rows)


def sizes_table(found: Sequence[AtRate], plan: Plan, ttl_s: float) -> str:
    """How many of everything; each part at the target load at most."""
    rows = []
    for each in found:
        cells, sizes = each.division.cells, each.division.sizes
        gpus = sum(sizes.replicas[role] * plan.engines[role].gpus for role in Role)
        kept_gb = plan.durable * each.rate * ttl_s * plan.costs.redis.job_kb.value * 1024 / 1e9
        inflight = each.rate * each.seconds
        rows.append(
            (
                f"{each.rate:,.0f}",
                f"{cells}",
                f"{cells * sizes.gateways:,}",
                f"{math.ceil(each.rate * plan.gateway_s(0, durable=0) / plan.target):,}",
                f"{cells * sizes.sandbox_cores:,}",
                *(f"{cells * sizes.replicas[role]:,}" for role in Role),
                f"{cells * gpus:,}",
                f"{cells * sizes.stores}",
                f"{kept_gb:,.1f}",
                f"{inflight:,.0f}",
                f"{inflight * plan.costs.gateway.inflight_kb.value * 1024 / 1e9:,.1f}",
            )
        )
    return table(
        (
            "refinements/s",
            "cells",
            "gateway cores",
            "all in the foreground",
            "sandbox cores",
            "generator replicas",
            "critic replicas",
            "GPUs",
            "Redis",
            f"GB in Redis, kept {ttl_s:g} s",
            "at work",
            "GB in gateways",
        ),
        rows,
    )


def rates_table(found: Sequence[AtRate]) -> str:
    """Plan and simulation side by side: `plan / simulated`."""
    rows = []
    for each in found:
        share, simulated = each.share, each.found
        fullest = simulated.load.first
        rows.append(
            (
                f"{each.rate:,.0f}",
                f"{round(each.division.cells * share)} of {each.division.cells}",
                f"{len(simulated.latencies_s):,}",
                f"{simulated.throughput / share:,.1f}",
                f"{each.seconds:.1f} / {simulated.mean_s:.1f}",
                f"{simulated.percentile_s(50):.1f}",
                f"{simulated.percentile_s(99):.1f}",
                *_loads(each),
                f"{fullest}",
            )
        )
    return table(
        (
            "refinements/s",
            "cells simulated",
            "refinements",
            "throughput",
            "mean s",
            "p50 s",
            "p99 s",
            "gateway",
            "sandbox",
            "generator",
            "critic",
            "redis",
            "fullest",
        ),
        rows,
    )


def _loads(each: AtRate) -> Iterable[str]:
    found = each.found.load.named()
    return (f"{planned:.2f} / {found[part]:.2f}" for part, planned in each.load.named().items())


def split_table(found: Sequence[AtRate]) -> str:
    """The same rate, whole and in cells."""
    rows = []
    for each in found:
        queues = each.found.queues
        rows.append(
            (
                f"{each.division.cells} of {each.division.rate:g}/s",
                f"{each.found.throughput:.1f}",
                f"{each.found.mean_s:.2f}",
                f"{each.found.percentile_s(50):.2f}",
                f"{each.found.percentile_s(99):.2f}",
                *(f"{load:.3f}" for load in each.found.load.named().values()),
                f"{sum(queues.values()):.1f}",
            )
        )
    head = ("cells", "throughput", "mean s", "p50 s", "p99 s")
    return table((*head, "gateway", "sandbox", "generator", "critic", "redis", "waiting"), rows)


def shortages_table(found: Mapping[str, Iterable[Shortage]], rate: float) -> str:
    """What is seen when a part is too small."""
    rows = [
        (
            name,
            each.part,
            each.load.first if each.part != "nothing" else "none",
            f"{each.load.named()[each.load.first]:.2f}",
            f"{each.found.throughput / rate:.0%}",
            f"{each.found.percentile_s(50):.1f}",
            f"{each.found.percentile_s(99):.1f}",
            f"{each.found.longest}: {each.found.queues[each.found.longest]:,.1f}",
        )
        for name, shortages in found.items()
        for each in shortages
    ]
    head = (
        "",
        "too small is",
        "fullest by the plan",
        "its load",
        "throughput",
        "p50 s",
        "p99 s",
        "longest queue",
    )
    return table(head, rows)


def bounded_table(found: Iterable[Bounded]) -> str:
    """What bounds turn away, and what they let wait."""
    rows = [
        (
            each.name,
            f"{each.found.offered:.1f}",
            f"{each.found.throughput:.1f}",
            f"{each.found.refused / each.found.offered:.0%}",
            f"{each.found.queued:,.0f}",
            f"{each.found.percentile_s(50):.1f}",
            f"{each.found.percentile_s(99):.1f}",
        )
        for each in found
    ]
    return table(("", "asked, /s", "ended, /s", "refused", "waiting jobs", "p50 s", "p99 s"), rows)


def limits_table(found: Iterable[Limit]) -> str:
    """Where each part ends."""
    rows = [
        (
            each.scope.value,
            each.name,
            each.value,
            f"{each.rate:,.2g}" if each.rate < 1 else f"{each.rate:,.1f}",
            each.remedy,
        )
        for each in found
    ]
    return table(("of", "limit", "is", "refinements/s", "then"), rows)


def reality_table(found: Iterable[Compared]) -> str:
    """Measured, simulated, and the ratio of the two."""
    rows = []
    for each in found:
        kind = "job" if each.durable else "foreground"
        endpoint = f"{each.measured.endpoint:.2f}" if each.measured.endpoint is not None else ""
        rows.append((kind, f"{each.measured.came:.1f}", *_pairs(each.measured, each.simulated), endpoint))
    head = (
        "",
        "came, /s",
        "mean ms",
        "p50 ms",
        "p99 ms",
        "gateway's core",
        "Redis' thread",
        "endpoint's core",
    )
    return table(head, rows)


def _pairs(measured: Observed, simulated: Observed) -> Iterable[str]:
    for name in ("mean_s", "p50_s", "p99_s"):
        yield _pair(1000 * getattr(measured, name), 1000 * getattr(simulated, name), ",.0f")
    yield _pair(measured.gateway, simulated.gateway, ".2f")
    if measured.redis is None or simulated.redis is None:
        yield ""
    else:
        yield _pair(measured.redis, simulated.redis, ".3f")


def _pair(measured: float, simulated: float, form: str) -> str:
    return f"{measured:{form}} : {simulated:{form}} ({simulated / measured:.2f})"


def unit_costs_line(units: UnitCosts) -> str:
    """The costs that the simulation of the real thing was given."""
    return (
        f"Measured nearly idle, in the same run: {units.request_ms:.2f} ms a refinement, "
        f"{units.call_ms:.2f} ms a call, {units.submission_ms:.2f} ms a submission of ten tests."
    )
