"""Two programs are alike in what they do to their variables, not in what they call them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.similarity import edit_similarity, tokens

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


def test_an_attribute_or_a_text_is_no_variable() -> None:
    program = "size = 1\nprint(x.size, 'size', f'size {size} {x.size}')"
    renamed = "$0 = 1\nprint(x.size, 'size', f'size {$0} {x.size}')"

    assert "".join(tokens(program)) == renamed.replace("\n", "").replace(" = ", "=").replace(", ", ",")


def test_what_is_imported_defined_or_given_keeps_its_name() -> None:
    program = "from math import sqrt\ndef area(r):\n    return round(sqrt(r))"

    assert {"sqrt", "area", "round"} <= set(tokens(program))
    assert "r" not in tokens(program)


def test_a_hash_within_a_text_is_no_comment() -> None:
    assert tokens("x = '#' + \"#\"  # '") == ["$0", "=", "'#'", "+", '"#"']
    assert tokens('x = """a\'\n#"""') == ["$0", "=", '"""a\'\n#"""']


def test_a_small_edit_keeps_most() -> None:
    assert 0.8 < edit_similarity(PROGRAM, PROGRAM.replace("range(n)", "range(n + 1)")) < 1.0


def test_another_program_keeps_little() -> None:
    assert edit_similarity(PROGRAM, "import sys\nprint(sys.stdin.read()[::-1])") < 0.5


def test_nothing_in_common_is_nothing() -> None:
    assert edit_similarity("x", "") == 0.0


def test_text_that_is_not_python_is_compared_as_text() -> None:
    assert 0.5 < edit_similarity("print the sum of a and b", "print the product of a and b") < 1.0


def test_long_programs_are_compared_line_by_line() -> None:
    lines = [f"print({number})" for number in range(6000)]

    assert edit_similarity("\n".join(lines), "\n".join([*lines[:500], "pass", *lines[501:]])) > 0.99


@given(st.text(), st.text())
def test_similarity_is_a_share(before: str, after: str) -> None:
    assert 0.0 <= edit_similarity(before, after) <= 1.0


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_it_is_the_longest_common_subsequence_over_both_lengths(first: list[str], second: list[str]) -> None:
    lengths = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, one in enumerate(first):
        for j, other in enumerate(second):
            grown = lengths[i][j] + 1 if one == other else max(lengths[i][j + 1], lengths[i + 1][j])
            lengths[i + 1][j + 1] = grown
    both = len(first) + len(second)

    expected = 2 * lengths[-1][-1] / both if both else 1.0
    assert edit_similarity(" ".join(first), " ".join(second)) == expected
