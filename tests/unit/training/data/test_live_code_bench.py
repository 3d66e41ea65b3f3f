import base64
import json
import os
import pickle
import zlib
from datetime import date
from pathlib import Path

import pytest

from service.domain.task import CallTest, Equality, StdinTest
from tests.unit.training.data.set_rows import STATEMENT, calls, live_code_bench_row, stdin_tests
from training.data.live_code_bench import live_code_bench_task
from training.data.rows import Row
from training.data.source_task import SourceTask, Unusable
from training.run import StageError
from training.tasks.records import task_of

PAIRS = (("1\n4\n", "0\n"), ("2\n1 8\n", "7\n"))
STARTER = "class Solution:\n    def pulledOut(self, row: List[str], most: int) -> int:\n        "


def converted(**changes: object) -> SourceTask:
    return live_code_bench_task(Row("rows.jsonl, line 1", live_code_bench_row(**changes)))


def packed(value: object) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(value))).decode()


def method(given: str, wanted: str) -> SourceTask:
    return converted(
        starter_code=STARTER,
        metadata=json.dumps({"func_name": "pulledOut"}),
        public_test_cases=calls((given, wanted)),
        private_test_cases=calls(),
    )


def test_a_program_reads_stdin() -> None:
    task = converted()

    assert (task.id, task.difficulty, task.day) == ("abc370_x", "easy", date(2024, 9, 7))
    assert task.problem == STATEMENT.strip()
    assert task.entry_point is None
    assert task.public == (StdinTest("3\n2 5 9\n", "7\n", Equality.NUMBERS),)
    assert task.hidden == tuple(StdinTest(*pair, Equality.NUMBERS) for pair in PAIRS)


def test_a_program_is_judged_with_the_imports_of_the_sets_own_judge() -> None:
    record = method("[1, 8]\n2", "7").to_json()

    assert task_of(record, hidden=True).usual_imports


def test_packed_private_tests_are_the_same_tests() -> None:
    assert converted(private_test_cases=packed(stdin_tests(*PAIRS))) == converted()


def test_a_separator_within_a_text_ends_no_argument() -> None:
    task = method('"a\u2028b\x85c"\n3\n', "1")

    assert task.public == (CallTest(("a\u2028b\x85c", 3), 1, equality=Equality.NUMBERS),)


def test_a_method_is_called_with_an_argument_a_line() -> None:
    task = method('["red", "red"]\n3', "1")

    assert task.entry_point == "pulledOut"
    assert task.public == (CallTest((["red", "red"], 3), 1, equality=Equality.NUMBERS),)
    begins = f"from typing import *\n\n{STARTER.strip()}"
    assert task.problem.endswith(f"Your program must begin so:\n```python\n{begins}\n```")


@pytest.mark.parametrize(
    ("given", "wanted"), [("red", "1"), ("[1]", "one"), ("NaN", "1"), ("[1]", "-Infinity")]
)
def test_a_call_that_is_no_json_is_left_out_and_counted(given: str, wanted: str) -> None:
    task = method(given, wanted)

    assert task.public == ()
    assert task.unusable[Unusable.UNREADABLE] == 1


class _Opens:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_a_packed_file_runs_nothing(tmp_path: Path) -> None:
    task = converted(private_test_cases=packed(_Opens(tmp_path / "made")))

    assert task.hidden == ()
    assert task.unusable[Unusable.UNREADABLE] == 1
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no base64!",
        base64.b64encode(b"no zlib").decode(),
        packed([1]),
        packed("no json"),
        packed("{}")[:-8],
    ],
)
def test_what_cannot_be_unpacked_is_counted(text: str) -> None:
    task = converted(private_test_cases=text)

    assert task.hidden == ()
    assert task.unusable[Unusable.UNREADABLE] == 1


def test_a_date_that_is_none_is_named() -> None:
    with pytest.raises(StageError, match="contest_date must be a date such as 2024-08-17"):
        converted(contest_date="autumn")
