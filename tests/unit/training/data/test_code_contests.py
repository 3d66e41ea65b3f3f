from collections.abc import Mapping

import pytest

from service.domain.task import StdinTest
from tests.unit.training.data.set_rows import code_contests_row
from training.data.code_contests import code_contests_task
from training.data.rows import Row
from training.data.source_task import SourceTask, Unusable
from training.run import StageError

NONE: dict[str, list[object]] = {"input": [], "output": []}


def converted(fields: Mapping[str, object]) -> SourceTask:
    return code_contests_task(Row("rows.parquet, row 1", fields))


def test_the_public_tests_of_the_set_are_public_and_the_others_hidden_in_order() -> None:
    task = converted(code_contests_row())

    assert task.public == (StdinTest("3\n2 5 9\n", "7\n"),)
    assert [test.stdin for test in task.hidden if isinstance(test, StdinTest)] == [
        "1\n4\n",
        "2\n1 8\n",
        "2\n3 4\n",
    ]


def test_without_public_tests_the_first_two_of_the_others_are_public() -> None:
    task = converted(code_contests_row(public_tests=NONE))

    assert [test.stdin for test in task.public if isinstance(test, StdinTest)] == ["1\n4\n", "2\n1 8\n"]
    assert len(task.hidden) == 1


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [({"seconds": 1, "nanos": 500_000_000}, 1.5), ({"seconds": 2, "nanos": 0}, 2.0), (None, None)],
)
def test_seconds_and_nanoseconds_are_added(limit: object, seconds: float | None) -> None:
    assert converted(code_contests_row(time_limit=limit)).time_limit_s == seconds


@pytest.mark.parametrize(
    ("number", "level"),
    [(0, None), (1, "easy"), (5, "hardest"), (7, "A"), (8, "B"), (17, "K"), (19, "L"), (29, "V")],
)
def test_the_number_of_a_level_becomes_its_name(number: int, level: str | None) -> None:
    assert converted(code_contests_row(difficulty=number)).difficulty == level


def test_the_first_solution_in_python_3_is_the_reference() -> None:
    assert converted(code_contests_row()).reference == "print(7)"


def test_a_test_that_is_no_text_is_left_out_and_counted() -> None:
    task = converted(code_contests_row(private_tests={"input": [None], "output": ["0"]}))

    assert task.unusable == {Unusable.NO_STDIN_TEXT: 1}


@pytest.mark.parametrize("field", ["input_file", "output_file"])
def test_a_problem_that_wants_a_file_has_no_test_that_stdin_could_pass(field: str) -> None:
    task = converted(code_contests_row(**{field: "input.txt"}))

    assert not task.public + task.hidden
    assert task.unusable == {Unusable.FILES: 4}


@pytest.mark.parametrize(
    ("field", "value", "members"),
    [("time_limit", 2, "seconds and nanos"), ("solutions", ["print(7)"], "language and solution")],
)
def test_an_object_is_asked_for_by_its_own_members(field: str, value: object, members: str) -> None:
    with pytest.raises(StageError, match=rf"row 1: {field} must be an object with {members}"):
        converted(code_contests_row(**{field: value}))


def test_a_set_of_tests_of_another_shape_is_named() -> None:
    with pytest.raises(StageError, match=r"row 1: public_tests must be an object with input and output"):
        converted(code_contests_row(public_tests=["3"]))


def test_a_row_of_another_set_is_told_by_its_missing_field() -> None:
    with pytest.raises(StageError, match=r"row 1: description is missing: the row has question"):
        converted({"question": "?"})
