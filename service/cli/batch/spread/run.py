"""A run over Ray Data: all rows are checked, then those that are not done are refined."""

import sys
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import ray.exceptions
from rich.console import Console

from service.cli.batch.report import Report, progress
from service.cli.batch.run import said
from service.cli.batch.spread.cluster import cluster
from service.cli.batch.spread.complaints import complaints
from service.cli.batch.spread.dataset import checked_parts, refined_parts
from service.cli.batch.spread.folder import Folder
from service.cli.batch.spread.heeded import heeded
from service.cli.batch.spread.parquet import row_groups
from service.cli.batch.spread.parts import PARQUET, Span, find_sources, spans_of_lines
from service.cli.batch.spread.refiner import Order
from service.cli.batch.spread.repeats import new_index
from service.cli.batch.work import PATIENT
from service.cli.exits import Exit, StackError, UsageError
from service.cli.gateway import address, check_named_once
from service.client import Patience
from service.client.settings import configured_key, configured_url


@dataclass(frozen=True, slots=True)
class Spread:
    """What is asked for."""

    source: str
    folder: Folder
    concurrency: int
    """Rows at work at once, in each actor."""
    actors: int
    urls: tuple[str, ...] = ()
    config: Path | None = None
    ray_address: str | None = None
    patience: Patience = PATIENT


def run_spread(spread: Spread, *, as_json: bool) -> Exit:
    """Refine what is not done yet, and say what came of it."""
    if spread.ray_address and not (spread.urls or configured_url()):
        raise UsageError("--ray-address needs --url: where the actors find a gateway, wherever they run")
    check_named_once(spread.urls, spread.config)
    with said():
        run = _Run(spread, find_sources(spread.source))
        try:
            run.run()
        finally:
            if run.is_checked:
                run.report.failures = spread.folder.failures
                run.report.show(run.console, as_json=as_json)
    ended = run.report.exit
    # An actor that died took its last counts with it, but not what it wrote down.
    return Exit.NOT_SOLVED if ended is Exit.DONE and run.report.failures else ended


@contextmanager
def _ray_said() -> Generator[None, None, None]:
    try:
        yield
    except ray.exceptions.RayError as error:
        complaint = str(error).strip().rpartition("\n")[2]
        raise StackError(f"Ray failed: {complaint}; the same command goes on") from error


@dataclass(slots=True)
class _Run:
    """One run."""

    spread: Spread
    sources: Sequence[Path]
    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))
    report: Report = field(init=False)
    spans: Sequence[Span] = field(init=False)
    parts: int = 0
    is_checked: bool = False

    def __post_init__(self) -> None:
        self.report = Report(self.spread.folder.path)
        self.spans = [
            span for number, path in enumerate(self.sources) for span in _spans(number, path.absolute())
        ]

    def run(self) -> None:
        """Check, then refine. What Ray prints is no output of ours."""
        spread = self.spread
        with (
            spread.folder.opened(),
            redirect_stdout(sys.stderr),
            cluster(spread.ray_address, spread.actors),
            _ray_said(),
        ):
            self._check()
            self.is_checked = True
            self._refine_unless_stopped()

    def _check(self) -> None:
        """Count the rows, and say of those that are no requests what is wrong. Bodies are not kept."""
        folder, report = self.spread.folder, self.report
        with (
            self.console.status("checking the rows …"),
            new_index(folder.index) as index,
            complaints(folder.wrong, self.sources, self.console) as wrong,
        ):
            for part in checked_parts(self.spans):
                self.parts += 1
                report.rows += len(part.asked) + len(part.wrong)
                index.add(part.source, part.asked)
                for row in part.wrong:
                    wrong.add(part.source, row.line, row.message)
            index.settle()
            for same in index.same_ids():
                first = f"line {same.first_line}"
                if same.first_source != same.source:
                    first += f" of {self.sources[same.first_source]}"
                wrong.add(same.source, same.line, f"id: {same.id!r} is {first}'s already")
            report.wrong = wrong.count

    def _refine_unless_stopped(self) -> None:
        """Work until all rows have been tried, or somebody stops it."""
        started = time.monotonic()
        try:
            with heeded():
                if self.report.left:
                    self._refine()
        except KeyboardInterrupt:
            self.report.stopped = True
        finally:
            self.report.seconds = time.monotonic() - started

    def _refine(self) -> None:
        report, spread = self.report, self.spread
        with ExitStack() as stack:
            urls = stack.enter_context(self._addresses())
            changed = stack.enter_context(progress(self.console, report.left, report.tally))
            key = configured_key()
            secret = None if key is None else key.get_secret_value()
            order = Order(spread.folder, urls, secret, spread.concurrency, spread.patience)
            actors = min(spread.actors, self.parts)
            told = stack.enter_context(closing(refined_parts(self.spans, order, actors)))
            for news in told:
                report.skipped += news.skipped
                report.tally.merge(news.tally)
                changed()
                if news.error is not None:
                    raise news.error

    @contextmanager
    def _addresses(self) -> Generator[tuple[str, ...], None, None]:
        if self.spread.urls:
            yield self.spread.urls
            return
        with address(None, self.spread.config, self.console) as url:
            yield (url,)


def _spans(source: int, path: Path) -> Sequence[Span]:
    return list(row_groups(source, path) if path.suffix == PARQUET else spans_of_lines(source, path))
