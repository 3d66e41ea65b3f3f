"""Spans on their way out: to a collector on loopback, to none, and without the SDK."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pydantic import HttpUrl

from service.adapters.tracing import address, open_tracing
from service.settings import SettingsError, TracingSection

EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"


@dataclass
class Collector:
    """Remembers the spans it is sent, by name, and the service they came from."""

    port: int = 0
    names: list[str] = field(default_factory=list)
    services: set[str] = field(default_factory=set)

    @property
    def url(self) -> HttpUrl:
        return HttpUrl(f"http://127.0.0.1:{self.port}")

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        for sent in ExportTraceServiceRequest.FromString(body).resource_spans:
            for attribute in sent.resource.attributes:
                if attribute.key == "service.name":
                    self.services.add(attribute.value.string_value)
            self.names += [span.name for scope in sent.scope_spans for span in scope.spans]
        return web.Response()


@asynccontextmanager
async def _collector() -> AsyncGenerator[Collector, None]:
    collector, app = Collector(), web.Application()
    app.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        collector.port = runner.addresses[0][1]
        yield collector
    finally:
        await runner.cleanup()


async def test_the_last_spans_reach_the_collector_before_the_process_ends() -> None:
    async with _collector() as collector:
        async with open_tracing(TracingSection(endpoint=collector.url, service_name="here")) as spans:
            with spans.span("refinement"), spans.span("round"):
                pass

        assert collector.names == ["round", "refinement"]
        assert collector.services == {"here"}


async def test_what_is_not_sampled_is_not_sent() -> None:
    async with _collector() as collector:
        async with open_tracing(TracingSection(endpoint=collector.url, sample=0.0)) as spans:
            with spans.span("refinement"):
                pass

        assert collector.names == []


async def test_a_collector_that_is_away_holds_nobody_up_for_longer_than_its_timeout() -> None:
    settings = TracingSection(endpoint=HttpUrl("http://127.0.0.1:9"), timeout_s=0.5)
    async with asyncio.timeout(60), open_tracing(settings) as spans:
        with spans.span("refinement"):
            pass


async def test_without_an_endpoint_nothing_is_recorded_and_no_sdk_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, EXPORTER, None)
    async with open_tracing(TracingSection()) as spans:
        assert not spans.recorded


async def test_an_endpoint_without_the_sdk_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, EXPORTER, None)
    with pytest.raises(SettingsError, match=r"\.\[otel\]"):
        async with open_tracing(TracingSection(endpoint=HttpUrl("http://127.0.0.1:4318"))):
            pass


@pytest.mark.parametrize(
    ("endpoint", "goes_to"),
    [
        ("http://c:4318", "http://c:4318/v1/traces"),
        ("http://c:4318/", "http://c:4318/v1/traces"),
        ("https://c/otlp/v1/traces", "https://c/otlp/v1/traces"),
    ],
)
def test_a_collectors_own_path_is_used_where_none_is_named(endpoint: str, goes_to: str) -> None:
    assert address(HttpUrl(endpoint)) == goes_to
