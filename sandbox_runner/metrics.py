"""Prometheus metrics of one process. Each app has a registry of its own, so tests do not share counts."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from sandbox_runner.boxes.launchers import Launchers
from sandbox_runner.domain.verdict import TestResult, Tier

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.tier = Tier.T0
        own = self.registry
        self._runs = Counter("ctrl_runs", "Tests run.", ("verdict", "lang", "tier"), registry=own)
        self._infra = Counter("ctrl_infra_errors", "Failures of ours.", ("reason",), registry=own)
        self.queue_seconds = Histogram(
            "ctrl_queue_seconds", "Wait for a slot.", buckets=_SECONDS, registry=own
        )
        self._cpu = Histogram("ctrl_run_cpu_seconds", "CPU time of a test.", buckets=_SECONDS, registry=own)
        self._setup = Histogram("ctrl_box_setup_seconds", "Opening a box.", buckets=_SECONDS, registry=own)
        self._fork = Histogram("ctrl_fork_seconds", "Forking a test.", buckets=_SECONDS, registry=own)
        self.queue_depth = Gauge("ctrl_queue_depth", "Requests waiting.", registry=own)
        self.inflight = Gauge("ctrl_inflight", "Requests in boxes.", registry=own)
        self._zygote = Gauge("ctrl_zygote_rss", "Resident bytes of the launchers.", registry=own)
        self._leaked = {
            kind: Gauge(f"ctrl_leaked_{kind}", f"Left behind by boxes: {kind}.", registry=own)
            for kind in ("proc", "cgroup", "mount")
        }
        self.cache_hits = Counter("ctrl_cache_hits", "Verdicts given without running anything.", registry=own)
        self.cache_bytes = Gauge("ctrl_cache_bytes", "Memory that cached verdicts hold.", registry=own)
        self._requests = Counter("ctrl_requests", "Answered requests.", ("route", "outcome"), registry=own)
        self._refused = Counter("ctrl_refused", "Requests that got no slot.", ("reason",), registry=own)
        self._tier = Gauge("ctrl_sandbox_tier", "1 for the tier that holds.", ("tier",), registry=own)
        self._mounts_at_start = _own_mounts()

    def test_finished(self, result: TestResult, lang: str) -> None:
        self._runs.labels(result.outcome, lang, self.tier).inc()
        self._cpu.observe(result.cpu_s)
        self._fork.observe(result.fork_s)

    def infra_error(self, reason: str) -> None:
        self._infra.labels(reason).inc()

    def request_answered(self, route: str, outcome: str) -> None:
        self._requests.labels(route, outcome).inc()

    def refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    @contextmanager
    def box_setup(self) -> Iterator[None]:
        with self._setup.time():
            yield

    def page(self, launchers: Launchers | None) -> bytes:
        """The text page, with what is measured only when asked."""
        self._tier.labels(self.tier).set(1)
        running = launchers.all if launchers else ()
        self._zygote.set(sum(_resident_bytes(each.pid) for each in running))
        self._leaked["proc"].set(sum(each.leaked_processes for each in running))
        self._leaked["cgroup"].set(sum(each.leaked_cgroups for each in running))
        self._leaked["mount"].set(max(0, _own_mounts() - self._mounts_at_start))
        return generate_latest(self.registry)


def _own_mounts() -> int:
    return len(Path("/proc/self/mounts").read_text().splitlines())


def _resident_bytes(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
