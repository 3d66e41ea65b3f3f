"""Parts as a Ray Dataset, and what is asked of each of them."""

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
import ray.data
from ray.data import ActorPoolStrategy, DataContext, Dataset, Datasource, ReadTask
from ray.data.block import BlockMetadata

from service.cli.batch.spread.checking import Wrong, check
from service.cli.batch.spread.cluster import ACTOR_CPUS
from service.cli.batch.spread.packing import packed, unpacked
from service.cli.batch.spread.parts import Part, Span
from service.cli.batch.spread.refiner import News, Order, Refiner
from service.cli.batch.spread.repeats import Asked

READ_TASKS = 4096
"""Tasks to read the input, at most: Ray keeps them all in memory."""


@dataclass(frozen=True, slots=True)
class PartChecked:
    """What there is to know of a part before anything is asked."""

    source: int
    asked: list[Asked]
    wrong: list[Wrong]


def checked_parts(spans: Sequence[Span]) -> Generator[PartChecked, None, None]:
    """Check all rows, in Ray's tasks; parts come in any order."""
    yield from _through(spans, lambda parts: parts.map_batches(_check, **_ONE_PART))


def refined_parts(spans: Sequence[Span], order: Order, actors: int) -> Generator[News, None, None]:
    """Refine all rows that are not done, in actors; what has happened is told about every second."""
    pool = ActorPoolStrategy(size=actors, max_tasks_in_flight_per_actor=1)
    yield from _through(
        spans,
        lambda parts: parts.map_batches(
            Refiner, fn_constructor_args=(order,), compute=pool, num_cpus=ACTOR_CPUS, **_ONE_PART
        ),
    )


_ONE_PART: dict[str, Any] = {"batch_size": 1, "batch_format": "pyarrow"}


class _Parts(Datasource):
    """The input. Rows are read here because Ray's readers would make all rows of a file one type."""

    def __init__(self, spans: Sequence[Span]):
        super().__init__()  # type: ignore[no-untyped-call]
        self._spans = spans

    def estimate_inmemory_data_size(self) -> int | None:
        return None

    def get_read_tasks(self, parallelism: int, *_: object, **__: object) -> list[ReadTask]:
        unknown = BlockMetadata(num_rows=None, size_bytes=None, exec_stats=None, input_files=None)
        step = -(-len(self._spans) // parallelism)
        starts = range(0, len(self._spans), step)
        return [ReadTask(partial(_read, self._spans[start : start + step]), unknown) for start in starts]


def _read(spans: Sequence[Span]) -> Iterator[pa.Table]:
    for span in spans:
        for part in span.parts():
            yield packed(part)


def _check(batch: pa.Table) -> Iterator[pa.Table]:
    for part in unpacked(batch):
        yield packed(_checked(part))


def _checked(part: Part) -> PartChecked:
    rows = list(check(part))
    wrong = [row for row in rows if isinstance(row, Wrong)]
    asked = [Asked(row.key, row.named is not None, row.line) for row in rows if not isinstance(row, Wrong)]
    return PartChecked(part.source, asked, wrong)


def _through(spans: Sequence[Span], asked: Callable[[Dataset], Dataset]) -> Generator[Any, None, None]:
    if not spans:
        return
    with _each_value_at_once():
        parts = ray.data.read_datasource(_Parts(spans), override_num_blocks=min(len(spans), READ_TASKS))
        for block in asked(parts).iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
            yield from unpacked(block)


@contextmanager
def _each_value_at_once() -> Iterator[None]:
    """Have Ray pass on each value when it is there, instead of gathering 128 MB; and have it say less."""
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = DataContext.get_current().copy()
    context.target_max_block_size = 1
    context.enable_progress_bars = False
    with DataContext.current(context):
        yield
