"""Counts of what passes through to an endpoint."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from service.adapters.metrics import MeteredCall, Metrics
from service.adapters.token_bill import billed
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
        with MeteredCall(self._metrics, CHAT, self._name):
            async with self._upstream.post(path, body) as reply:
                yield billed(reply)
