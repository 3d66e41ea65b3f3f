"""Two programs are alike in what they do to their variables, not in what they call them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.similarity import edit_similarity, normalized

PROGRAM = "def f(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total\n"

SAME = {
    "itself": PROGRAM,
    "a renamed variable": PROGRAM.replace("total", "acc"),
    "a renamed argument": PROGRAM.replace("(n)", "(count)"),
    "all renamed": PROGRAM.replace("total", "acc")
    .replace("(n)", "(m)")
    .replace("i in", "k in")
    .replace("= i", "= k"),
    "comments and blank lines": f"# sum\n\n{PROGRAM}\n# end",
}


@pytest.mark.parametrize("other", SAME.values(), ids=SAME)
def test_names_and_layout_make_no_difference(other: str) -> None:
    assert edit_similarity(PROGRAM, other) == 1.0


def test_keyword_arguments_follow_their_parameters() -> None:
    program = "def f(a, *b, c=1, **d):\n    return a + c\nprint(f(1, c=2, **{}))"

    assert edit_similarity(program, program.replace("c", "size")) == 1.0


def test_variables_that_trade_places_make_a_difference() -> None:
    assert edit_similarity("a = 1\nb = 2\nprint(a - b)", "a = 1\nb = 2\nprint(b - a)") < 1.0


def test_a_new_name_never_meets_one_that_was_there() -> None:
    assert normalized("x = v0 = 1") == normalized("v0 = x = 1")
    assert normalized("x = 1\nprint(v0)") != normalized("x = 1\nprint(x)")


def test_a_small_edit_keeps_most() -> None:
    assert 0.8 < edit_similarity(PROGRAM, PROGRAM.replace("range(n)", "range(n + 1)")) < 1.0


def test_another_program_keeps_little() -> None:
    assert edit_similarity(PROGRAM, "import sys\nprint(sys.stdin.read()[::-1])") < 0.5


def test_nothing_in_common_is_nothing() -> None:
    assert edit_similarity("x", "") == 0.0


def test_text_that_is_not_python_is_compared_as_text() -> None:
    assert 0.5 < edit_similarity("print the sum of a and b", "print the product of a and b") < 1.0


def test_what_is_too_deep_to_be_written_back_is_compared_as_text() -> None:
    deep = "(x)" + "+1" * 1000

    assert normalized(deep) == deep


def test_long_programs_are_compared_line_by_line() -> None:
    lines = [f"print({number})" for number in range(2000)]

    assert edit_similarity("\n".join(lines), "\n".join([*lines[:500], "pass", *lines[501:]])) > 0.99


@given(st.text(), st.text())
def test_similarity_is_a_share(before: str, after: str) -> None:
    assert 0.0 <= edit_similarity(before, after) <= 1.0
