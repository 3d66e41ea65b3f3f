"""The rows of a part, checked one by one: requests, and what is wrong with the others."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from service.cli.batch.rows import Row, RowsError, checked, own_id, sha256_of
from service.cli.batch.spread.parts import Part

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row that is no request."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A row that is one."""

    line: int
    named: str | int | None
    sha256: str
    body: Callable[[], Json]

    @property
    def key(self) -> str:
        """What no other row may have: the id as JSON, as it is if nothing repeats the row."""
        return json.dumps(own_id(self.sha256, 1) if self.named is None else self.named)


def check(part: Part) -> Iterator[Checked | Wrong]:
    """Check every row as the gateway would."""
    for line, text in zip(part.lines, part.texts, strict=True):
        try:
            named, body = checked(text)
        except RowsError as error:
            yield Wrong(line, str(error))
        else:
            yield Checked(line, named, sha256_of(body), partial(_body, text))


def rows_of(part: Part, repeats: dict[int, int]) -> Iterator[Row]:
    """Yield the rows to refine. `repeats` says of lines the how manieth time they ask, from 2 on."""
    for row in check(part):
        if isinstance(row, Wrong):
            continue
        times = repeats.get(row.line, 1)
        if row.named is None:
            yield Row(row.line, own_id(row.sha256, times), row.sha256, row.body)
        elif times == 1:
            yield Row(row.line, row.named, row.sha256, row.body)


def _body(text: bytes) -> Json:
    return checked(text)[1]
