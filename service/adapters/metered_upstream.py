"""Counts of what passes through to an endpoint."""

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from service.adapters.metrics import Metrics
from service.adapters.token_bill import billed
from service.observing.stopwatch import calling
from service.services import Upstream, UpstreamReply

CHAT = "chat"
"""The label of a model that is called by its name, in no role."""


class MeteredUpstream:
    """An endpoint whose calls and failures are counted; its tokens are billed where they are limited."""

    def __init__(self, name: str, upstream: Upstream, metrics: Metrics):
        self._name, self._upstream, self._metrics = name, upstream, metrics

    @property
    def model(self) -> str:
        return self._upstream.model

    @property
    def members(self) -> Mapping[str, str]:
        return self._upstream.members

    @asynccontextmanager
    async def post(self, path: str, body: bytes) -> AsyncGenerator[UpstreamReply, None]:
        started = time.perf_counter()
        try:
            with self._metrics.failures_of(CHAT), calling():
                async with self._upstream.post(path, body) as reply:
                    yield billed(reply)
        finally:
            seconds = time.perf_counter() - started
            self._metrics.model_seconds.labels(CHAT, self._name).observe(seconds)
