"""Rows of CodeContests (deepmind/code_contests) as tasks: programs that read standard input."""

from collections import Counter
from collections.abc import Mapping

from service.domain.task import StdinTest, Test
from training.data.public import PUBLIC_TESTS
from training.data.rows import Row
from training.data.source_task import SourceTask, Unusable

_SETS = ("public_tests", "private_tests", "generated_tests")
_NAMED_LEVELS = ("unknown", "easy", "medium", "hard", "harder", "hardest", "external")
_LETTERS = len(_NAMED_LEVELS)
"""The number of A. 18 is no level: L is 19."""
_NO_LEVEL = 18
_PYTHON3 = 3
"""The set's number for the language of a solution."""


def code_contests_task(row: Row) -> SourceTask:
    """Convert a row. The set's public tests are public; without any, the first two of the others are."""
    unusable: Counter[Unusable] = Counter()
    public, private, generated = (_tests(row, name, unusable) for name in _SETS)
    if row.optional_text("input_file") or row.optional_text("output_file"):
        unusable[Unusable.FILES] += len(public) + len(private) + len(generated)
        public, private, generated = [], [], []
    hidden = [*private, *generated]
    if not public:
        public, hidden = hidden[:PUBLIC_TESTS], hidden[PUBLIC_TESTS:]
    return SourceTask(
        place=row.place,
        source="code_contests",
        problem=row.text("description").strip(),
        public=tuple(public),
        hidden=tuple(hidden),
        difficulty=_level(row),
        time_limit_s=_seconds(row),
        reference=_first_python(row),
        unusable=unusable,
    )


def _tests(row: Row, name: str, unusable: Counter[Unusable]) -> list[Test]:
    told = _object(row, name, "input and output")
    tests: list[Test] = []
    for stdin, stdout in zip(_list(row, name, told, "input"), _list(row, name, told, "output"), strict=False):
        if not isinstance(stdin, str):
            unusable[Unusable.NO_STDIN_TEXT] += 1
        elif not isinstance(stdout, str):
            unusable[Unusable.NO_OUTPUT_TEXT] += 1
        else:
            tests.append(StdinTest(stdin, stdout))
    return tests


def _object(row: Row, name: str, members: str) -> Mapping[str, object]:
    value = row.fields.get(name) or {}
    if isinstance(value, dict):
        return value
    raise row.wrong(name, f"an object with {members}", value)


def _list(row: Row, name: str, told: Mapping[str, object], member: str) -> list[object]:
    value = told.get(member, [])
    if isinstance(value, list):
        return value
    raise row.wrong(f"{name}.{member}", "a list", value)


def _level(row: Row) -> str | None:
    """The level's name: easy to hardest, or the letter of the contest; the set writes numbers."""
    number = row.fields.get("difficulty")
    if number is None or number == 0:
        return None
    if not isinstance(number, int) or number < 0:
        raise row.wrong("difficulty", "one of the set's numbers", number)
    if number < _LETTERS:
        return _NAMED_LEVELS[number]
    return chr(ord("A") + number - _LETTERS - (number > _NO_LEVEL))


def _seconds(row: Row) -> float | None:
    told = _object(row, "time_limit", "seconds and nanos")
    seconds, nanos = told.get("seconds") or 0, told.get("nanos") or 0
    if not isinstance(seconds, int | float) or not isinstance(nanos, int | float):
        raise row.wrong("time_limit", "an object with seconds and nanos", seconds)
    return seconds + nanos / 1e9 or None


def _first_python(row: Row) -> str | None:
    told = _object(row, "solutions", "language and solution")
    languages, texts = _list(row, "solutions", told, "language"), _list(row, "solutions", told, "solution")
    pairs = zip(languages, texts, strict=False)
    return next((str(text) for language, text in pairs if language == _PYTHON3), None)
