"""Which rows repeat others: an index on disk, so that memory does not grow with the input."""

import json
import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

_ASKED = "CREATE TABLE asked (key TEXT, named INTEGER, source INTEGER, line INTEGER)"
_REPEATS = """
CREATE TABLE repeats AS SELECT * FROM (
  SELECT key, named, source, line, row_number() OVER same AS times,
    first_value(source) OVER same AS first_source, first_value(line) OVER same AS first_line
  FROM asked WINDOW same AS (PARTITION BY key ORDER BY source, line)
) WHERE times > 1
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A row as the index knows it."""

    key: str
    """Its id as JSON; without one, the id that is made of what it asks."""
    named: bool
    line: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """A named row whose id another one has already."""

    source: int
    line: int
    id: str | int
    first_source: int
    first_line: int


class Index:
    """The index while it is made. Rows may come in any order."""

    def __init__(self, database: sqlite3.Connection):
        self._database = database
        database.execute(_ASKED)

    def add(self, source: int, rows: Iterable[Asked]) -> None:
        values = ((row.key, row.named, source, row.line) for row in rows)
        self._database.executemany("INSERT INTO asked VALUES (?, ?, ?, ?)", values)

    def settle(self) -> None:
        """Keep the rows that repeat an earlier one, and drop the others."""
        self._database.execute(_REPEATS)
        self._database.execute("DROP TABLE asked")
        self._database.execute("CREATE INDEX place ON repeats (source, line)")
        self._database.commit()

    def same_ids(self) -> Iterator[Repeat]:
        """Yield the named rows that cannot be asked for: their results could not be told apart."""
        said = "SELECT source, line, key, first_source, first_line FROM repeats WHERE named ORDER BY 1, 2"
        for source, line, key, first_source, first_line in self._database.execute(said):
            yield Repeat(source, line, json.loads(key), first_source, first_line)


@contextmanager
def new_index(path: Path) -> Generator[Index, None, None]:
    """Make an index; it is at `path` once the context has ended well."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with closing(sqlite3.connect(new)) as database:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        yield Index(database)
        database.execute("VACUUM")
    new.replace(path)


def repeats_in(path: Path, source: int, lines: list[int]) -> dict[int, int]:
    """Tell of lines how often what they ask was asked by then, where it is not the first time."""
    said = "SELECT line, times FROM repeats WHERE source = ? AND line BETWEEN ? AND ?"
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
        return dict(database.execute(said, (source, lines[0], lines[-1])))
