import json
from collections.abc import Mapping

import pytest

from service.domain.task import AssertTest, CallTest, Equality, StdinTest
from tests.unit.training.data.set_rows import (
    FUNCTION_STATEMENT,
    STATEMENT,
    taco_function_row,
    taco_row,
    taco_tests,
)
from training.data.rows import Row
from training.data.source_task import SourceTask, Unusable
from training.data.taco import taco_task
from training.run import StageError


def printed(stdin: str, stdout: str) -> StdinTest:
    """As the set's own judge compares: numbers by value."""
    return StdinTest(stdin, stdout, Equality.NUMBERS)


def converted(fields: Mapping[str, object]) -> SourceTask:
    return taco_task(Row("rows.jsonl, line 1", fields))


def test_the_examples_of_the_statement_are_public_and_the_other_tests_hidden() -> None:
    shown = printed("3\n2 5 9\n", "7\n"), printed("1\n4\n", "0\n")
    # Each but a part of what is shown: an input that goes on, an output cut short.
    hidden = printed("2\n1 8\n", "7\n"), printed("6 9\n", "7\n"), printed("ut\n1\n4\n", "0\n")
    tests = (hidden[0], shown[0], *hidden[1:], shown[1])
    statement = STATEMENT + "\nInput\n\n6 9\n\nOutput\n\n75\n"

    task = converted(
        taco_tests(inputs=[test.stdin for test in tests], outputs=[test.stdout for test in tests])
        | {"question": statement}
    )

    assert task.public == shown
    assert task.hidden == hidden
    assert task.entry_point is None


def test_the_first_two_tests_are_public_where_the_statement_shows_none() -> None:
    task = converted(taco_row(question="Print the distance between the first lit lamp and the last one."))

    assert [test.stdin for test in task.public if isinstance(test, StdinTest)] == ["3\n2 5 9\n", "1\n4\n"]
    assert len(task.hidden) == 2


@pytest.mark.parametrize(
    ("stdin", "stdout", "reason"),
    [
        (["3", "2 5 9"], "7", Unusable.NO_STDIN_TEXT),
        ("n = 3", "7", Unusable.ASSIGNMENT),
        ("3\n[]", "7", Unusable.EMPTY_LIST),
        ("3", ["7", "8"], Unusable.NO_OUTPUT_TEXT),
        ("3", 7, Unusable.NO_OUTPUT_TEXT),
    ],
)
def test_a_stdin_test_that_no_program_can_read_is_left_out_and_counted(
    stdin: object, stdout: object, reason: Unusable
) -> None:
    task = converted(taco_tests(inputs=[stdin, "1\n4\n"], outputs=[stdout, "0\n"]))

    assert task.public == (printed("1\n4\n", "0\n"),)
    assert task.unusable == {reason: 1}


def test_an_output_in_a_list_of_one_is_that_output() -> None:
    assert converted(taco_tests(inputs=["1\n4\n"], outputs=[["0\n"]])).public == (printed("1\n4\n", "0\n"),)


def test_a_function_is_tested_by_typed_calls() -> None:
    task = converted(taco_function_row([[["red", "red"]], [[]], [["blue"]]], [1, 0, 0]))

    assert task.entry_point == "pulled_out"
    assert (*task.public, *task.hidden) == (
        CallTest((["red", "red"],), 1),
        CallTest(([],), 0),
        CallTest((["blue"],), 0),
    )


def test_what_a_function_returns_is_unwrapped_where_all_of_its_outputs_are_wrapped() -> None:
    task = converted(taco_function_row([["a"], ["b"]], [[1], [[2, 3]]]))

    assert [test.expected for test in task.public if isinstance(test, CallTest)] == [1, [2, 3]]


def test_a_list_that_a_function_returns_is_kept_where_one_output_shows_that_none_is_wrapped() -> None:
    task = converted(taco_function_row([["a"], ["b"]], [[1], [2, 3]]))

    assert [test.expected for test in task.public if isinstance(test, CallTest)] == [[1], [2, 3]]


def test_a_mapping_keyed_by_numbers_becomes_an_assert_for_json_has_none() -> None:
    task = converted(taco_function_row([[{"1": "red"}]], [{"2": "blue"}]))

    assert task.public == (AssertTest("assert pulled_out({1: 'red'}) == {2: 'blue'}"),)


def test_arguments_that_are_a_bare_text_are_left_out_and_counted() -> None:
    task = converted(taco_function_row(["red", [["red"]]], [0, 0]))

    assert task.public == (CallTest((["red"],), 0),)
    assert task.unusable == {Unusable.BARE_ARGUMENTS: 1}


def test_a_test_with_an_infinite_number_is_left_out_and_counted() -> None:
    task = converted(taco_function_row([[1], [2]], [float("inf"), 0]))

    assert task.public == (CallTest((2,), 0),)
    assert task.unusable == {Unusable.NOT_FINITE: 1}


def test_a_statement_that_does_not_show_the_call_gets_the_first_test_as_its_example() -> None:
    task = converted(taco_function_row([[["red", "red"]]], [1]))

    assert task.problem.startswith(FUNCTION_STATEMENT.strip())
    assert "assert pulled_out(['red', 'red']) == 1" in task.problem


def test_a_statement_that_shows_the_call_stays_as_it_is_and_its_example_is_public() -> None:
    statement = FUNCTION_STATEMENT + '\nFor example, pulled_out(["red","red"]) is 1.'
    row = taco_function_row([[["blue"]], [["red", "red"]], [[]]], [0, 1, 0], question=statement)

    task = converted(row)

    assert task.problem == statement
    assert task.public == (CallTest((["red", "red"],), 1),)
    assert len(task.hidden) == 2


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2.0 seconds", 2.0),
        ("1 second", 1.0),
        ("500 ms", 0.5),
        ("0.5 sec", 0.5),
        ("none", None),
        (None, None),
    ],
)
def test_the_first_number_of_the_time_limit_is_seconds(text: str | None, seconds: float | None) -> None:
    assert converted(taco_row(time_limit=text)).time_limit_s == seconds


def test_an_unknown_difficulty_is_none() -> None:
    assert converted(taco_row()).difficulty == "medium_hard"
    assert converted(taco_row(difficulty="UNKNOWN_DIFFICULTY")).difficulty is None


@pytest.mark.parametrize("text", ["", "{}", '{"inputs": [], "outputs": []}'])
def test_a_row_without_tests_has_none(text: str) -> None:
    task = converted(taco_row(input_output=text))

    assert not task.public
    assert not task.unusable


def test_tests_that_are_no_json_are_counted_as_such() -> None:
    digits = '{"inputs": [[1]], "outputs": [' + "9" * 5000 + '], "fn_name": "f"}'

    assert converted(taco_row(input_output="{")).unusable == {Unusable.UNREADABLE: 1}
    assert converted(taco_row(input_output=digits)).unusable == {Unusable.UNREADABLE: 1}


def test_a_missing_field_is_named_with_its_line() -> None:
    with pytest.raises(StageError, match=r"rows.jsonl, line 1: question is missing.*tasks.source"):
        converted({"description": "another set's"})


def test_a_field_of_another_type_is_named() -> None:
    with pytest.raises(StageError, match=r"line 1: input_output.inputs must be a list, found str"):
        converted(taco_row(input_output=json.dumps({"inputs": "3", "outputs": []})))


def test_an_id_depends_on_the_statement_but_not_on_its_white_space() -> None:
    spread = str(taco_row()["question"]).replace("\n", "\n\n")

    assert converted(taco_row()).id == converted(taco_row(question=spread)).id
    assert converted(taco_row()).id != converted(taco_row(question="Another.")).id
