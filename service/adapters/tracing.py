"""OpenTelemetry's SDK, started where a collector is configured: spans go out by OTLP over HTTP, in batches.

A collector that is away costs spans, never a request: the queue is bounded and has a thread of its own.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pydantic import HttpUrl

from service.observing.spans import Spans
from service.settings import SettingsError, TracingSection

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_PATH = "/v1/traces"
_MOST_WAITING, _SENT_AT_ONCE = 4096, 2048
"""Spans. A request to the collector costs much the same however many it holds."""


@asynccontextmanager
async def open_tracing(settings: TracingSection) -> AsyncGenerator[Spans, None]:
    """Record spans for as long as the context lasts, and send the last ones at its end."""
    if settings.endpoint is None:
        yield Spans()
        return
    provider = _provider(settings, address(settings.endpoint))
    try:
        yield Spans(provider.get_tracer("ctrl"))
    finally:
        await asyncio.to_thread(provider.shutdown)


def address(endpoint: HttpUrl) -> str:
    """Return where spans go: a collector's own path where none is named."""
    url = str(endpoint)
    return url if endpoint.path not in (None, "", "/") else url.rstrip("/") + _PATH


def _provider(settings: TracingSection, url: str) -> "TracerProvider":
    # Imported here: the SDK is an extra, and nobody without a collector should wait for it.
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            f"tracing.endpoint is set, and {error.name} is not installed: "
            "pip install '.[otel]' in the repository, or leave the endpoint out"
        ) from None
    provider = TracerProvider(
        resource=Resource.create({"service.name": settings.service_name}),
        sampler=ParentBased(TraceIdRatioBased(settings.sample)),
        shutdown_on_exit=False,
    )
    exporter = OTLPSpanExporter(url, timeout=settings.timeout_s)
    processor = BatchSpanProcessor(
        exporter, max_queue_size=_MOST_WAITING, max_export_batch_size=_SENT_AT_ONCE
    )
    provider.add_span_processor(processor)
    return provider
