"""TACO's rows (BAAI/TACO) as tasks, converted as the paper does but where `docs/training-data.md` says so."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from service.domain.ground_truth import assert_of
from service.domain.task import AssertTest, CallTest, Equality, StdinTest, Test
from training.data.public import split_public, with_example
from training.data.rows import Row
from training.data.source_task import SourceTask, Unusable, is_finite

_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|milli)?", re.IGNORECASE)
_UNKNOWN = "unknown_difficulty"


@dataclass(slots=True)
class _Tests:
    kept: list[Test] = field(default_factory=list)
    unusable: Counter[Unusable] = field(default_factory=Counter)

    def add(self, test: Test | Unusable) -> None:
        if isinstance(test, Unusable):
            self.unusable[test] += 1
        else:
            self.kept.append(test)


def taco_task(row: Row) -> SourceTask:
    """Convert a row; tests that cannot be used are counted, not kept."""
    problem, told, tests = row.text("question").strip(), _told(row), _Tests()
    entry_point = None if told is None or not told.get("fn_name") else str(told["fn_name"])
    if told is None:
        tests.add(Unusable.UNREADABLE)
    elif entry_point is None:
        _convert(row, told, tests, _stdin_test)
    else:
        _convert_calls(row, told, entry_point, tests)
    public, hidden = split_public(problem, entry_point, tests.kept)
    if entry_point is not None and public:
        problem = with_example(problem, entry_point, public[0])
    difficulty = (row.optional_text("difficulty") or _UNKNOWN).lower()
    return SourceTask(
        place=row.place,
        source="taco",
        problem=problem,
        public=public,
        hidden=hidden,
        entry_point=entry_point,
        difficulty=None if difficulty == _UNKNOWN else difficulty,
        time_limit_s=_seconds(row.optional_text("time_limit")),
        reference=_first_solution(row),
        unusable=tests.unusable,
        usual_imports=True,
    )


def _told(row: Row) -> Mapping[str, object] | None:
    """The tests' own object, which the set writes as JSON in a text; None where that cannot be read."""
    value = row.fields.get("input_output")
    if isinstance(value, dict):
        return value
    try:
        parsed = json.loads(row.text("input_output") or "{}")
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict):
        raise row.wrong("input_output", "a JSON object", parsed)
    return parsed


def _convert(
    row: Row,
    told: Mapping[str, object],
    tests: _Tests,
    convert: Callable[[object, object], Test | Unusable],
) -> None:
    for given, wanted in zip(_list(row, told, "inputs"), _list(row, told, "outputs"), strict=False):
        tests.add(convert(given, wanted))


def _convert_calls(row: Row, told: Mapping[str, object], name: str, tests: _Tests) -> None:
    outputs = _list(row, told, "outputs")
    if not name.isidentifier():
        tests.unusable[Unusable.NO_NAME] += len(outputs)
        return
    # Some of the set's sources put what is returned into a list of one, others do not;
    # one output alone cannot tell, all those of a problem together can.
    wrapped = all(isinstance(output, list) and len(output) == 1 for output in outputs)

    def convert(given: object, wanted: object) -> Test | Unusable:
        return _call_test(name, given, wanted[0] if wrapped and isinstance(wanted, list) else wanted)

    _convert(row, told, tests, convert)


def _list(row: Row, told: Mapping[str, object], name: str) -> list[object]:
    value = told.get(name, [])
    if isinstance(value, list):
        return value
    raise row.wrong(f"input_output.{name}", "a list", value)


def _stdin_test(stdin: object, stdout: object) -> Test | Unusable:
    if isinstance(stdout, list) and len(stdout) == 1:
        stdout = stdout[0]
    if not isinstance(stdin, str):
        return Unusable.NO_STDIN_TEXT
    if " = " in stdin:
        return Unusable.ASSIGNMENT
    if "[]" in stdin:
        return Unusable.EMPTY_LIST
    if not isinstance(stdout, str):
        return Unusable.NO_OUTPUT_TEXT
    return StdinTest(stdin, stdout, Equality.NUMBERS)


def _call_test(name: str, args: object, expected: object) -> Test | Unusable:
    if not isinstance(args, list):
        return Unusable.BARE_ARGUMENTS
    if not is_finite([args, expected]):
        return Unusable.NOT_FINITE
    if (source := assert_of(name, args, expected)) is not None:
        return AssertTest(source)
    return CallTest(tuple(args), expected)


def _seconds(text: str | None) -> float | None:
    """The first number in a text such as "2.0 seconds"; seconds unless it says milliseconds."""
    found = _NUMBER.search(text or "")
    value = 0.0 if found is None else float(found[1]) / (1000 if found[2] else 1)
    return value or None


def _first_solution(row: Row) -> str | None:
    try:
        solutions = json.loads(row.optional_text("solutions") or "[]")
    except (ValueError, RecursionError):
        return None
    return next((text for text in solutions if isinstance(text, str)), None)
