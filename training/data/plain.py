"""JSON lines in the form that our API takes, as tasks: problem, entry_point, tests, hidden_tests."""

from service.domain.task import AssertTest, CallTest, Equality, StdinTest, Test
from training.data.rows import Row
from training.data.source_task import SourceTask, is_finite
from training.run import StageError


def plain_task(row: Row) -> SourceTask:
    """Read a row; unlike a public set's, a test that cannot be used is an error: its writer can mend it."""
    entry_point = row.optional_text("entry_point")
    return SourceTask(
        place=row.place,
        source=row.optional_text("source") or "jsonl",
        problem=row.text("problem").strip(),
        public=_tests(row, "tests", entry_point),
        hidden=_tests(row, "hidden_tests", entry_point),
        entry_point=entry_point,
        given_id=row.optional_text("id"),
        difficulty=row.optional_text("difficulty"),
        time_limit_s=_seconds(row),
        reference=row.optional_text("reference"),
    )


def _tests(row: Row, name: str, entry_point: str | None) -> tuple[Test, ...]:
    values = row.fields.get(name) or []
    if not isinstance(values, list):
        raise row.wrong(name, "a list of tests", values)
    return tuple(
        _test(f"{row.place}: {name}[{number}]", value, entry_point) for number, value in enumerate(values)
    )


def _test(place: str, value: object, entry_point: str | None) -> Test:
    match value:
        case {"stdin": str(stdin), "stdout": str(stdout)}:
            if entry_point is not None:
                raise StageError(f"{place}: reads stdin, but entry_point is {entry_point!r}: leave one out")
            return StdinTest(stdin, stdout)
        case {"assert": str(source)}:
            return AssertTest(source)
        case {"expected": expected, **rest} if rest.keys() <= {"args", "kwargs", "equality"}:
            if entry_point is None:
                raise StageError(f"{place}: calls a function, but entry_point is missing")
            args, kwargs = rest.get("args", []), rest.get("kwargs", {})
            if not is_finite([args, kwargs, expected]):
                raise StageError(f"{place}: numbers must be finite: JSON has no infinity")
            equality = rest.get("equality", Equality.JSON)
            if isinstance(args, list) and isinstance(kwargs, dict) and equality in tuple(Equality):
                return CallTest(tuple(args), expected, kwargs, Equality(str(equality)))
    raise StageError(
        f'{place}: a test is {{"stdin", "stdout"}} of texts, {{"args", "kwargs", "expected"}} or {{"assert"}}'
    )


def _seconds(row: Row) -> float | None:
    value = row.fields.get("time_limit_s")
    if value is None:
        return None
    if not isinstance(value, int | float) or value <= 0:
        raise StageError(f"{row.place}: time_limit_s must be a number above 0, found {value!r}")
    return float(value)
