"""What a critic is told: the same lines each time, bounded, and nothing of a hidden test."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox_runner.domain import differences
from sandbox_runner.domain.asserts import rewrite
from sandbox_runner.domain.cases import CallCase, CodeCase, StdinCase
from sandbox_runner.domain.comparison import Equality
from sandbox_runner.domain.differences import Difference
from sandbox_runner.domain.explain import LINE_LIMIT
from sandbox_runner.domain.feedback import Feedback, of_test, of_verdict
from sandbox_runner.domain.verdict import Outcome, ProgramError, TestResult

CODE = "table = {}\ndef f(key):\n    return table[key]\n"
CALL = CallCase("f", ([1, 2],), {"key": "x"}, {"a": [1, 2, 3]}, Equality.JSON)
WRONG = TestResult(
    Outcome.WRONG_ANSWER,
    returned="{'a': [1, 5, 3]}",
    difference=Difference("['a'][1]"),
    message="returned ...",
)
CRASHED = TestResult(
    Outcome.RUNTIME_ERROR, error=ProgramError("KeyError", "'secret'", 3, "return table[key]"), message="m"
)


def _printed(case: StdinCase, stdout: str) -> TestResult:
    return TestResult(
        Outcome.WRONG_ANSWER, stdout=stdout, difference=differences.of_output(case.stdout, stdout)
    )


def test_a_wrong_value_is_told_with_call_and_place() -> None:
    assert of_test(CODE, CALL, WRONG, public=True) == Feedback(
        outcome="wrong_answer",
        input="f([1, 2], key='x')",
        expected="{'a': [1, 2, 3]}",
        actual="{'a': [1, 5, 3]}",
        differs_at="['a'][1]",
    )


def test_a_wrong_output_is_told_with_line_and_column() -> None:
    case = StdinCase("3\n", "1 2\n3 4\n")

    told = of_test(CODE, case, _printed(case, "1 2\n3 5\n"), public=True)

    assert (told.input, told.expected, told.actual) == ("3\\n", "1 2\\n3 4\\n", "1 2\\n3 5\\n")
    assert told.differs_at == "line 2, column 3"


def test_an_exception_is_told_with_the_programs_line() -> None:
    told = of_test(CODE, CALL, CRASHED, public=True)

    assert (told.exception, told.line, told.source) == (
        "KeyError: 'secret'",
        "solution.py:3",
        "return table[key]",
    )


def test_of_a_hidden_test_only_the_ending_is_told() -> None:
    assert of_test(CODE, CALL, WRONG, public=False) == Feedback("wrong_answer")
    assert of_test(CODE, CALL, CRASHED, public=False) == Feedback(
        "runtime_error", exception="KeyError", line="solution.py:3", source="return table[key]"
    )


@pytest.mark.parametrize(
    "error",
    [
        ProgramError("the hidden input", "", 3, "return table[key]"),
        ProgramError("KeyError", "the hidden input", 3, "the hidden input"),
        ProgramError("KeyError", "", 99, "the hidden input"),
        ProgramError("KeyError", "", 0, "the hidden input"),
        ProgramError("KeyError", "", -1, "the hidden input"),
        ProgramError("KeyError", "", None, "the hidden input"),
    ],
)
def test_a_program_cannot_put_a_hidden_test_into_its_feedback(error: ProgramError) -> None:
    told = of_test(CODE, CALL, TestResult(Outcome.RUNTIME_ERROR, error=error), public=False)

    assert "hidden" not in told.text
    assert told.exception in {"KeyError", "an exception of the program's own"}
    assert told.source in {"", "return table[key]"}
    assert told.line in {"", "solution.py:3"}


def test_the_first_public_failure_comes_before_an_earlier_hidden_one() -> None:
    accepted = TestResult(Outcome.ACCEPTED)
    cases = [CALL, CALL, CALL, CALL]

    told = of_verdict(CODE, cases, [accepted, CRASHED, WRONG, WRONG], [True, False, True, True])
    hidden = of_verdict(CODE, cases, [accepted, CRASHED], [True, False, True, True])

    assert told == of_test(CODE, CALL, WRONG, public=True)
    assert hidden == of_test(CODE, CALL, CRASHED, public=False)
    assert of_verdict(CODE, cases, [accepted] * 4, [True] * 4) is None


def test_the_text_has_the_same_lines_for_every_outcome() -> None:
    texts = [of_test(CODE, CALL, TestResult(outcome), public=True).text for outcome in Outcome]
    shapes = {tuple(line.partition(":")[0] for line in text.split("\n")) for text in texts}

    assert len(shapes) == 1
    assert "limit: -\n" in of_test(CODE, CALL, WRONG, public=True).text


@pytest.mark.parametrize(
    ("source", "expectation"),
    [
        ("assert f(1) is None", "is None"),
        ("assert not f(1)", "taken for false"),
        ("assert math.isclose(f(1), 0.5)", "close to 0.5 (rel 1e-09, abs 0)"),
        ("assert abs(f(1) - 2) < 1e-6", "within 1e-06 of 2"),
        ("assert sorted(set(f(1))) == [1]", "sorted of set of it: [1]"),
    ],
)
def test_an_expectation_is_put_in_words(source: str, expectation: str) -> None:
    assert of_test(CODE, rewrite(source), WRONG, public=True).expected == expectation


def test_test_code_is_told_by_its_message() -> None:
    result = TestResult(Outcome.WRONG_ANSWER, message="AssertionError\ntests line 3: assert f(1) == 2")

    told = of_test(CODE, CodeCase("..."), result, public=True)

    assert told.message == "AssertionError\\ntests line 3: assert f(1) == 2"


@pytest.mark.parametrize("case", [CALL, StdinCase("1", "2")])
@pytest.mark.parametrize("public", [True, False])
def test_what_does_not_compile_is_told_of_every_test(case: CallCase | StdinCase, *, public: bool) -> None:
    result = TestResult(Outcome.COMPILE_ERROR, message="main.cpp:1:1: error\n'x' was not declared")

    told = of_test(CODE, case, result, public=public)

    assert told.message == "main.cpp:1:1: error\\n'x' was not declared"


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (
            TestResult(Outcome.RUNTIME_ERROR, message="exit status 101", stderr="panicked\n"),
            "exit status 101: panicked",
        ),
        (TestResult(Outcome.TIME_LIMIT, message="more than 4 s", stderr="debugging"), "more than 4 s"),
        (TestResult(Outcome.WRONG_ANSWER, message="of a checker: 3 edges"), "of a checker: 3 edges"),
        (CRASHED, ""),
    ],
)
def test_an_ending_that_no_exception_tells_of_is_put_in_words(result: TestResult, message: str) -> None:
    case = StdinCase("1", "2")

    assert of_test(CODE, case, result, public=True).message == message
    assert of_test(CODE, case, result, public=False).message == ""


def test_a_long_output_is_shown_where_it_differs() -> None:
    expected = "\n".join(str(n) for n in range(1_000))
    case = StdinCase("", expected)

    told = of_test(CODE, case, _printed(case, expected.replace("\n777\n", "\n7x7\n")), public=True)

    assert "\\n777\\n" in told.expected
    assert "\\n7x7\\n" in told.actual
    assert told.differs_at == "line 778, column 2"


@given(st.text(), st.text(), st.text())
def test_every_field_is_one_bounded_printable_line(given_in: str, expected: str, printed: str) -> None:
    error = ProgramError(given_in * 50, printed * 50, 1, expected * 50)
    case = StdinCase(given_in * 50, expected * 50)

    told = of_test(CODE, case, replace(_printed(case, printed * 50), error=error), public=True)

    for field in fields(told):
        value = getattr(told, field.name)
        assert len(value) <= LINE_LIMIT
        assert value.isprintable()


@given(st.text(alphabet="ab \n", max_size=20), st.text(alphabet="ab \n", max_size=20))
def test_texts_differ_somewhere_unless_they_are_equal(one: str, other: str) -> None:
    assert (differences.in_text(one, other) is None) == (one == other)


@pytest.mark.parametrize(
    ("expected", "returned", "path"),
    [
        ([1, 2], [1, 3], "[1]"),
        ([1, 2], [1, 2, 3], "[2]"),
        ([1, 2], [1], "[1]"),
        ({"a": {"b": (1, 2)}}, {"a": {"b": (1, 3)}}, "['a']['b'][1]"),
        ({"a": 1}, {"b": 1}, "['a']"),
        ({}, {"b": 1}, "['b']"),
        (1, 2, ""),
        ([1], 1, ""),
        ({1, 2}, {1}, ""),
    ],
)
def test_the_way_to_a_difference(expected: object, returned: object, path: str) -> None:
    assert differences.in_values(expected, returned, lambda one, other: one == other) == path
