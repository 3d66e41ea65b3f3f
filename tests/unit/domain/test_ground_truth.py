"""What data sets call ground truth, read as tests."""

import base64
import json
import zlib
from collections.abc import Sequence

import pytest

from service.domain.errors import RequestError
from service.domain.ground_truth import Truth, read_truth

CALLS = [{"args": [1], "expected": 2}]
LINES = {"inputs": ["[1]\n2"], "outputs": ["3"], "fn_name": "f"}
LISTS = {"inputs": [[1, 2]], "outputs": [[3]], "fn_name": "f"}


def _packed(value: object) -> str:
    return base64.b64encode(zlib.compress(json.dumps(value).encode())).decode()


def _usual(tests: Sequence[object], entry_point: str | None = None) -> Truth:
    """Programs for such tests are written against a judge that imports for them."""
    return Truth(tests, entry_point, usual_imports=True)


@pytest.mark.parametrize(
    ("value", "truth"),
    [
        ({"tests": CALLS, "entry_point": "f"}, Truth(CALLS, "f")),
        (json.dumps({"tests": CALLS, "entry_point": "f"}), Truth(CALLS, "f")),
        ({"tests": None, "problem": "Add one."}, Truth(problem="Add one.")),
        ({"tests": CALLS, "entry_point": "f", "usual_imports": True}, _usual(CALLS, "f")),
        (
            {"inputs": ["1"], "outputs": ["2"], "usual_imports": False},
            Truth([{"stdin": "1", "stdout": "2", "equality": "numbers"}]),
        ),
        (
            {"inputs": ["1\n"], "outputs": ["2\n"]},
            _usual([{"stdin": "1\n", "stdout": "2\n", "equality": "numbers"}]),
        ),
        (
            {"inputs": ["[1]\n2"], "outputs": ["3"], "fn_name": "f"},
            _usual([{"args": [[1], 2], "expected": 3, "equality": "numbers"}], "f"),
        ),
        (
            {"inputs": [[1, 2]], "outputs": [3], "fn_name": "f"},
            _usual([{"args": [1, 2], "expected": 3, "equality": "numbers"}], "f"),
        ),
        (
            {"inputs": [1], "outputs": [2], "fn_name": "f"},
            _usual([{"args": [1], "expected": 2, "equality": "numbers"}], "f"),
        ),
        (
            {"unit_tests": {"inputs": ["1"], "outputs": ["2"]}},
            _usual([{"stdin": "1", "stdout": "2", "equality": "numbers"}]),
        ),
        (
            {"input_output": '{"inputs": ["1"], "outputs": ["2"]}'},
            _usual([{"stdin": "1", "stdout": "2", "equality": "numbers"}]),
        ),
        (
            {"unit_tests": {"packed": _packed({"inputs": ["1"], "outputs": ["2"]}), "fn_name": None}},
            _usual([{"stdin": "1", "stdout": "2", "equality": "numbers"}]),
        ),
        (json.dumps(json.dumps({"tests": CALLS, "entry_point": "f"})), Truth(CALLS, "f")),
        (CALLS, Truth(CALLS)),
        (json.dumps(CALLS), Truth(CALLS)),
        ([{"stdin": "1", "stdout": "2"}], Truth([{"stdin": "1", "stdout": "2"}])),
        (
            ["assert f(1) == 2", "assert f(2) == 3"],
            Truth([{"assert": f"assert f({n}) == {n + 1}"} for n in (1, 2)]),
        ),
        ("assert f(1) == 2\n", Truth([{"assert": "assert f(1) == 2\n"}])),
        ({"unit_tests": ["assert f(1) == 2"]}, Truth([{"assert": "assert f(1) == 2"}])),
    ],
)
def test_tests_are_read_in_the_forms_that_data_sets_have(value: object, truth: Truth) -> None:
    assert read_truth(value, "label") == truth


def _expected(outputs: list[object]) -> list[object]:
    inputs = [[number] for number, _ in enumerate(outputs)]
    truth = read_truth({"inputs": inputs, "outputs": outputs, "fn_name": "f"}, "label")
    return [test["expected"] for test in truth.tests if isinstance(test, dict)]


@pytest.mark.parametrize(
    ("outputs", "returned"),
    [
        ([[2], [3]], [2, 3]),
        ([[[2]], [[3, 4]]], [[2], [3, 4]]),
        ([[2], [3, 4]], [[2], [3, 4]]),
        ([[2], []], [[2], []]),
        (["[2]", "[3]"], [[2], [3]]),
        (["two", "3"], ["two", "3"]),
        ([["two"], ["3"]], ["two", "3"]),
        ([], []),
    ],
)
def test_what_is_returned_is_unwrapped_where_each_output_is_a_list_of_one(
    outputs: list[object], returned: list[object]
) -> None:
    assert _expected(outputs) == returned


def test_a_mapping_keyed_by_numbers_becomes_an_assert_for_json_has_none() -> None:
    rows = {"inputs": [[{"1": ["a"]}, {}], [{"x": 1}, {"2": 2}]], "outputs": ["a", 2], "fn_name": "f"}

    assert read_truth(rows, "label").tests == [
        {"assert": "assert f({1: ['a']}, {}) == 'a'"},
        {"assert": "assert f({'x': 1}, {2: 2}) == 2"},
    ]


def test_a_mapping_in_text_is_left_as_it_is() -> None:
    rows = {"inputs": ['{"1": 2}'], "outputs": ["2"], "fn_name": "f"}

    assert read_truth(rows, "label").tests == [{"args": [{"1": 2}], "expected": 2, "equality": "numbers"}]


def test_the_lines_of_a_program_may_come_as_lists() -> None:
    truth = read_truth({"inputs": [["1 2", "3"], "4\n"], "outputs": [["6"], "4\n"]}, "label")

    assert truth.tests == [
        {"stdin": "1 2\n3", "stdout": "6", "equality": "numbers"},
        {"stdin": "4\n", "stdout": "4\n", "equality": "numbers"},
    ]


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "42",
        "{not json",
        "[1, 2]",
        42,
        ["a"],
        {},
        {"answer": "42"},
        "{1, 2}",
        '"yes"',
        ["asserted"],
        [{"a": 1}],
        {"input_output": ""},
    ],
)
def test_anything_else_holds_no_tests(value: object) -> None:
    assert read_truth(value, "label") == Truth()


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"tests": "x"}, "label.tests"),
        ({"tests": {"a": 1}}, "label.tests"),
        ({"inputs": "1", "outputs": ["2"]}, "label.inputs"),
        ({"inputs": ["1"], "outputs": ["2", "3"]}, "label.outputs"),
        ({"inputs": ["one"], "outputs": ["2"], "fn_name": "f"}, "label.inputs"),
        ({"inputs": ["1"], "outputs": ["two"], "fn_name": "f"}, "label.inputs"),
        ({"inputs": ["1"]}, "label.inputs"),
        ({"outputs": ["1"], "input": ["1"]}, "label.inputs"),
        ('{"entry_point": "f", "tests": [{"args": [1', "label"),
        (str({"inputs": ["1"], "outputs": ["2"]}), "label"),
        ({"input_output": '{"inputs": ["1"], "outp'}, "label.input_output"),
        ({"unit_tests": "run them"}, "label.unit_tests"),
        ({"packed": "???"}, "label.packed"),
        ({"packed": base64.b64encode(b"not zlib").decode()}, "label.packed"),
        ({"packed": _packed(3)[:-8]}, "label.packed"),
    ],
)
def test_tests_that_cannot_be_read_name_the_field(value: object, field: str) -> None:
    with pytest.raises(RequestError) as refusal:
        read_truth(value, "label")

    assert refusal.value.field == field


def test_a_little_text_that_unpacks_into_very_much_is_refused() -> None:
    packed = _packed("x" * (64 << 20))

    with pytest.raises(RequestError, match="holds more than"):
        read_truth({"packed": packed}, "label")


def test_the_rows_own_problem_stands_before_the_prompts() -> None:
    assert Truth(problem="Add one.").fields("Hello.")["problem"] == "Add one."
    assert Truth().fields("Hello.")["problem"] == "Hello."


def test_the_usual_imports_are_asked_for_where_the_data_sets_own_judge_has_them() -> None:
    assert _usual([]).fields("Add one.")["usual_imports"] is True
    assert "usual_imports" not in Truth(CALLS, "f").fields("Add one.")
