"""Spans, for whoever has configured a place to send them; for the others next to nothing."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType

from opentelemetry import context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from service.observing.attributes import CANCELLED, ERROR_TYPE

Value = str | bool | int | float | list[str]
Note = Callable[[Mapping[str, Value]], None]
"""Adds to a span what is known by now."""


def _unheard(said: Mapping[str, Value]) -> None:
    """Nobody records this span."""


_UNRECORDED = nullcontext[Note](_unheard)


class Spans:
    """Begins spans with a tracer of its own, as the process-wide one is anybody's. None: tracing is off."""

    def __init__(self, tracer: Tracer | None = None):
        self._tracer = tracer

    @property
    def recorded(self) -> bool:
        return self._tracer is not None

    def span(
        self,
        name: str,
        said: Mapping[str, Value] | None = None,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        foreseen: tuple[type[Exception], ...] = (),
    ) -> AbstractContextManager[Note]:
        """Cover the work inside. Of an error only the type is told: its words may quote a program or a key.

        What is `foreseen` is raised to end the work, and no error.
        """
        if self._tracer is None:
            return _UNRECORDED
        return _Recorded(self._tracer.start_span(name, kind=kind, attributes=said), foreseen)


class _Recorded:
    """The work that a span covers. With the tracer's own context manager a span costs a fifth more."""

    __slots__ = ("_foreseen", "_span", "_token")

    def __init__(self, span: Span, foreseen: tuple[type[Exception], ...]) -> None:
        self._span, self._foreseen = span, foreseen

    def __enter__(self) -> Note:
        self._token = context.attach(set_span_in_context(self._span))
        return self._span.set_attributes

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, asyncio.CancelledError | GeneratorExit):
            self._span.set_attribute(CANCELLED, value=True)
        elif error is not None and not isinstance(error, self._foreseen):
            self._span.set_attribute(ERROR_TYPE, type(error).__name__)
            self._span.set_status(Status(StatusCode.ERROR))
        context.detach(self._token)
        self._span.end()
