"""Tasks and drafts as JSON lines: what passes between stages, and what `ctrl refine` reads."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from service.domain.task import AssertTest, CallTest, Equality, StdinTest, Task, Test
from training.tasks.mini import Problem
from training.tasks.pipeline import Pipeline, Shape, parse_lines
from training.whole import whole


def test_to_json(test: Test) -> dict[str, object]:
    """A test in the form that the API takes."""
    match test:
        case StdinTest():
            return {"stdin": test.stdin, "stdout": test.stdout} | _equality(test)
        case CallTest():
            record: dict[str, object] = {"args": list(test.args), "expected": test.expected}
            record |= {"kwargs": dict(test.kwargs)} if test.kwargs else {}
            return record | _equality(test)
        case AssertTest():
            return {"assert": test.source}


def _equality(test: StdinTest | CallTest) -> dict[str, object]:
    return {} if test.equality is Equality.JSON else {"equality": test.equality.value}


def problem_to_json(problem: Problem) -> dict[str, object]:
    """A mini-world problem with its hidden tests and reference."""
    return {
        "id": problem.id,
        "problem": problem.task.problem,
        "entry_point": problem.task.entry_point,
        "shape": problem.reference.shape.value,
        "tests": [test_to_json(test) for test in problem.task.tests],
        "hidden_tests": [test_to_json(test) for test in problem.hidden],
        "reference": problem.reference.code(),
    }


def task_of(record: dict[str, object], *, hidden: bool) -> Task:
    """The task of a record, with its hidden tests or without."""
    tests = [*_list(record, "tests"), *(_list(record, "hidden_tests") if hidden else [])]
    entry_point = record.get("entry_point")
    return Task(
        problem=str(record["problem"]),
        entry_point=None if entry_point is None else str(entry_point),
        tests=tuple(_test(test) for test in tests),
        usual_imports=record.get("usual_imports") is True,
    )


def reference_of(record: dict[str, object]) -> Pipeline | None:
    """The reference of a mini-world problem; None for one from elsewhere."""
    if "shape" not in record:
        return None
    shape = Shape(str(record["shape"]))
    steps = parse_lines(shape, str(record["reference"]))
    known = tuple(step for step in steps if step is not None)
    return Pipeline(shape, known) if len(known) == len(steps) else None


def time_limit_of(record: dict[str, object]) -> float | None:
    """CPU seconds of one test; None leaves them to the sandbox."""
    value = record.get("time_limit_s")
    if value is None or isinstance(value, int | float):
        return value
    raise TypeError(f"time_limit_s must be a number, found {type(value).__name__}")


def _list(record: dict[str, object], name: str) -> list[dict[str, object]]:
    value = record.get(name, [])
    if not isinstance(value, list):
        raise TypeError(f"{name} must be a list of tests, found {type(value).__name__}")
    return value


def _test(record: dict[str, object]) -> Test:
    if "assert" in record:
        return AssertTest(str(record["assert"]))
    equality = Equality(str(record.get("equality", Equality.JSON)))
    if "stdin" in record:
        return StdinTest(str(record["stdin"]), str(record["stdout"]), equality)
    args, kwargs = record.get("args", []), record.get("kwargs", {})
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise TypeError(f"a call test has a list `args` and an object `kwargs`, found {record}")
    return CallTest(tuple(args), record["expected"], kwargs, equality)


def write_jsonl(path: Path, records: Iterable[dict[str, object]]) -> None:
    """Write all lines or none: a reader never sees half a file."""
    # JSON may spell half of a surrogate pair, which is no character of UTF-8.
    with whole(path) as partial, partial.open("w", encoding="utf-8", errors="replace") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def read_jsonl(path: Path) -> Iterator[dict[str, object]]:
    """Read line by line."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def mended_lines(path: Path) -> list[dict[str, Any]]:
    """Lines of a file that grows by appending; none where there is no file.

    A line that a killed run left torn is dropped from the file too, or the next would be appended to it.
    """
    # Split as bytes: a text may hold other line ends, and a torn line half a character.
    *lines, torn = path.read_bytes().split(b"\n") if path.is_file() else [b""]
    records = [json.loads(line) for line in lines]
    if torn:
        write_jsonl(path, records)
    return records
