"""Rows of LiveCodeBench (livecodebench/code_generation, code_generation_lite) as tasks.

Its `lite` form packs the private tests: base64 of zlib of a pickled text. The pickle is read by an unpickler
that builds nothing but what is no object of any class, so a file cannot run anything here.
"""

import base64
import binascii
import io
import json
import pickle
import zlib
from collections import Counter
from datetime import date

from service.domain.task import CallTest, Equality, StdinTest, Test
from training.data.rows import Row
from training.data.source_task import SourceTask, Unusable, is_finite

_MOST_BYTES = 256 << 20
"""What packed tests may become."""
_IMPORTS = "from typing import *"
"""Starter code names `List` and does not import it: the set's own harness puts imports before a program."""


def live_code_bench_task(row: Row) -> SourceTask:
    """Convert a row; LeetCode's problems are solved by a method of the class that the starter code begins."""
    unusable: Counter[Unusable] = Counter()
    entry_point = _function(row)
    public = tuple(_tests(row, "public_test_cases", entry_point, unusable))
    hidden = tuple(_tests(row, "private_test_cases", entry_point, unusable))
    return SourceTask(
        place=row.place,
        source="livecodebench",
        problem=_statement(row),
        public=public,
        hidden=hidden,
        entry_point=entry_point,
        given_id=row.optional_text("question_id"),
        difficulty=row.optional_text("difficulty"),
        day=_day(row),
        unusable=unusable,
        usual_imports=True,
    )


def _statement(row: Row) -> str:
    text, starter = row.text("question_content").strip(), row.optional_text("starter_code")
    if starter is None:
        return text
    return f"{text}\n\nYour program must begin so:\n```python\n{_IMPORTS}\n\n{starter}\n```"


def _function(row: Row) -> str | None:
    told = _json(row.optional_text("metadata") or "{}")
    name = told.get("func_name") if isinstance(told, dict) else None
    return None if name is None else str(name)


def _day(row: Row) -> date | None:
    text = row.optional_text("contest_date")
    try:
        return None if text is None else date.fromisoformat(text[:10])
    except ValueError:
        raise row.wrong("contest_date", "a date such as 2024-08-17", text) from None


def _tests(row: Row, name: str, entry_point: str | None, unusable: Counter[Unusable]) -> list[Test]:
    told = _json(row.text(name))
    if told is None:
        told = _json(_unpacked(row.text(name)))
    if not isinstance(told, list):
        unusable[Unusable.UNREADABLE] += 1
        return []
    converted = [_test(test, entry_point) for test in told]
    unusable.update(test for test in converted if isinstance(test, Unusable))
    return [test for test in converted if not isinstance(test, Unusable)]


def _test(told: object, entry_point: str | None) -> Test | Unusable:
    match told:
        case {"input": str(given), "output": str(wanted), "testtype": "stdin"}:
            return StdinTest(given, wanted, Equality.NUMBERS)
        case {"input": str(given), "output": str(wanted), "testtype": "functional"} if entry_point:
            return _call(given, wanted)
    return Unusable.UNREADABLE


def _call(given: str, wanted: str) -> Test | Unusable:
    """Arguments are JSON, one a line."""
    try:
        # Not splitlines: a text may hold U+2028 and its like as they are.
        args, expected = [json.loads(line) for line in given.split("\n") if line.strip()], json.loads(wanted)
    except (ValueError, RecursionError):
        return Unusable.UNREADABLE
    if not is_finite([args, expected]):
        return Unusable.UNREADABLE
    return CallTest(tuple(args), expected, equality=Equality.NUMBERS)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _unpacked(text: str) -> str:
    """The text that was packed; empty where it cannot be had."""
    try:
        packed = base64.b64decode(text, validate=True)
        plain = zlib.decompressobj().decompress(packed, _MOST_BYTES)
        found = _Values(io.BytesIO(plain)).load()
    except (binascii.Error, zlib.error, pickle.UnpicklingError, EOFError, ValueError, IndexError):
        return ""
    return found if isinstance(found, str) else ""


class _Values(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> object:
        raise pickle.UnpicklingError(f"the tests ask for {module}.{name}")
