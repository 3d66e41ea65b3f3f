"""The trace of a request, as W3C's `traceparent`: continued from the client, passed on to whom we call.

Baggage is not passed on: it is the client's free text.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_W3C = TraceContextTextMapPropagator()
_PARENT, _STATE = b"traceparent", b"tracestate"


@contextmanager
def continued(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[None]:
    """Work under the client's trace, if it names one."""
    carrier = {name.decode(): value.decode("latin-1") for name, value in headers if name in (_PARENT, _STATE)}
    if _PARENT.decode() not in carrier:
        yield
        return
    token = context.attach(_W3C.extract(carrier))
    try:
        yield
    finally:
        context.detach(token)


def traceparent() -> str:
    """Return the span at work, as it is written down; nothing where there is none."""
    return trace_headers().get(_PARENT.decode(), "")


@contextmanager
def resumed(parent: str) -> Iterator[None]:
    """Work under a trace that was written down; without one under none."""
    token = context.attach(_W3C.extract({_PARENT.decode(): parent}, context.Context()))
    try:
        yield
    finally:
        context.detach(token)


def trace_headers() -> dict[str, str]:
    """Return what tells whom we call which trace this is; nothing where there is none."""
    headers: dict[str, str] = {}
    if trace.get_current_span().get_span_context().is_valid:
        _W3C.inject(headers)
    return headers


def trace_id() -> str | None:
    """Return the trace at work, as it is written everywhere."""
    found = trace.get_current_span().get_span_context()
    return trace.format_trace_id(found.trace_id) if found.is_valid else None
