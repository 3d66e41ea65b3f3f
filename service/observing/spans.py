"""Spans, for whoever has configured a place to send them; for the others next to nothing."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, set_span_in_context

from service.observing.attributes import CANCELLED, ERROR_TYPE

Value = str | bool | int | float | list[str]
Note = Callable[[Mapping[str, Value]], None]
"""Adds to a span what is known by now."""


def _unheard(said: Mapping[str, Value]) -> None:
    """Nobody records this span."""


class Spans:
    """Begins spans with a tracer of its own, as the process-wide one is anybody's. None: tracing is off."""

    def __init__(self, tracer: Tracer | None = None):
        self._tracer = tracer

    @property
    def recorded(self) -> bool:
        return self._tracer is not None

    @contextmanager
    def span(
        self,
        name: str,
        said: Mapping[str, Value] | None = None,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        foreseen: tuple[type[Exception], ...] = (),
    ) -> Iterator[Note]:
        """Cover the work inside. Of an error only the type is told: its words may quote a program or a key.

        What is `foreseen` is raised to end the work, and no error.
        """
        if self._tracer is None:
            yield _unheard
            return
        span = self._tracer.start_span(name, kind=kind, attributes=said)
        token = context.attach(set_span_in_context(span))
        try:
            yield span.set_attributes
        except (asyncio.CancelledError, GeneratorExit):
            span.set_attribute(CANCELLED, value=True)
            raise
        except foreseen:
            raise
        except BaseException as error:
            span.set_attribute(ERROR_TYPE, type(error).__name__)
            span.set_status(Status(StatusCode.ERROR))
            raise
        finally:
            context.detach(token)
            span.end()
