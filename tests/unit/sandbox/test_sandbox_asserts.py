"""Asserts become calls whose expectation stays outside."""

import sys
from collections import Counter

import pytest

from sandbox_runner.domain.asserts import UnsupportedAssertError, rewrite, rewrite_all
from sandbox_runner.domain.cases import CallCase
from sandbox_runner.domain.comparison import Equality, equal
from sandbox_runner.domain.literals import Literals
from sandbox_runner.jail.values import Opaque
from sandbox_runner.jail.views import NoViewError, taken, told


def _holds(case: CallCase, returned: object) -> bool:
    try:
        seen = taken(told(case.views), returned)
    except NoViewError:
        return False
    return equal(case.expected, seen, case.equality, case.tolerance)


def test_an_assert_becomes_a_call_with_an_expected_value() -> None:
    case = rewrite("assert f([1, 2], key=(3,)) == {4, 5}, 'message'")

    assert (case.entry_point, case.args, case.kwargs, case.expected) == (
        "f",
        ([1, 2],),
        {"key": (3,)},
        {4, 5},
    )
    assert case.equality is Equality.PYTHON


def test_the_call_may_stand_on_the_right() -> None:
    case = rewrite("assert -4 == f(-3)")

    assert (case.entry_point, case.args, case.expected) == ("f", (-3,), -4)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("set()", set()),
        ("10**9 + 7", 10**9 + 7),
        ("-1e-3", -1e-3),
        ("float('inf')", float("inf")),
        ("-float('inf')", float("-inf")),
        ("1 << 40", 1 << 40),
        ("[0] * 3 + [1]", [0, 0, 0, 1]),
        ("{'a': [(1, None)]}", {"a": [(1, None)]}),
        ("1 + 2j", 1 + 2j),
        ("sorted([2, 1])", [1, 2]),
        ("len([1, 2]) / 4", 0.5),
        ("round(2 / 3, 2)", 0.67),
        ("b'x'", b"x"),
        ("~5 % 4 // 1 - 2", 0),
        ("2 * 3.5", 7.0),
        ("2.5**2 - 2j", 6.25 - 2j),
        ("2**40 + 2**20", 2**40 + 2**20),
        ("round(2.5, None)", 2),
        ("[list(), tuple(), dict(), Counter(), frozenset(), +1]", [[], (), {}, Counter(), frozenset(), 1]),
        ("2 * [0]", [0, 0]),
        ("2 * 'ab'", "abab"),
    ],
)
def test_a_constant_is_read(text: str, value: object) -> None:
    case = rewrite(f"assert f({text}) == {text}")

    assert case.expected == value
    assert case.args == (value,)


@pytest.mark.parametrize(
    ("source", "satisfying", "failing"),
    [
        ("assert f(1) == 4", [4, 4.0], [5, "4", None, Opaque("Everything")]),
        ("assert f(1) is None", [None], [0, False, Opaque("NoneType")]),
        ("assert f(1) is True", [True], [1, "x", Opaque("bool")]),
        ("assert False is f(1)", [False], [0, None, ""]),
        ("assert f(1)", [1, "x", [0], True], [0, None, "", [], Opaque("Truthy")]),
        ("assert not f(1)", [0, None, "", []], [1, [0], Opaque("Falsy")]),
        ("assert math.isclose(f(1), 0.3)", [0.3, 0.1 + 0.2], [0.31, "0.3", None, Opaque("float")]),
        ("assert isclose(0.3, f(1), abs_tol=0.1)", [0.35], [0.45, float("nan"), 10**400]),
        ("assert math.isclose(f(1), 100, rel_tol=1e-2)", [101, 99.5], [102]),
        ("assert abs(f(1) - 2.5) < 1e-6", [2.5, 2.5000001], [2.6, "2.5", [2.5], Opaque("float")]),
        ("assert abs(2 - f(1)) <= 1", [1, 3], [4]),
        ("assert 1 > abs(f(1) - 2)", [2.5], [1, 3]),
        ("assert 1 >= abs(f(1) - 2)", [1, 3], [0.5]),
        ("assert math.isclose(f(1), 4, rel_tol=0, abs_tol=1)", [5], [5.5]),
        ("assert set(f(1)) == {1, 2}", [[1, 2, 1], (2, 1)], [[1], 3, [[1], 2], Opaque("set")]),
        ("assert set(f(1)) == set([1, 2])", [[2, 1]], [[1, 3]]),
        ("assert sorted(f(1)) == [1, 2]", [[2, 1], {1, 2}], [[2, 1, 1], [2, "x"], 5]),
        ("assert sorted(f(1)) == sorted([2, 1])", [(2, 1)], [(2, 2)]),
        ("assert len(f(1)) == 2", ["ab", [1, 2], {1: 2, 3: 4}], ["a", 2, Opaque("Sized")]),
        ("assert round(f(1), 2) == 0.67", [2 / 3], [0.6, "0.67", float("inf")]),
        ("assert round(f(1)) == 3", [3.2], [3.7, float("nan")]),
        ("assert list(f(1)) == [1, 2]", [(1, 2), {1: 0, 2: 0}], [[2, 1], 12]),
        ("assert tuple(f(1)) == (1, 2)", [[1, 2]], [[1]]),
        ("assert Counter(f(1)) == Counter('aab')", ["aba", ["b", "a", "a"]], ["ab", 3]),
        ("assert collections.Counter(f(1)) == {'a': 2}", ["aa"], ["a"]),
        ("assert sorted(set(f(1))) == [1, 2]", [[2, 1, 2]], [[2]]),
        ("assert abs(f(1)) == 3", [-3, 3], ["3"]),
    ],
)
def test_an_assert_holds_for_what_python_would_let_pass(
    source: str, satisfying: list[object], failing: list[object]
) -> None:
    case = rewrite(source)

    assert (case.entry_point, case.args) == ("f", (1,))
    assert [value for value in satisfying if not _holds(case, value)] == []
    assert [value for value in failing if _holds(case, value)] == []


def test_a_view_is_not_taken_of_values_made_to_collide() -> None:
    colliding = [n * sys.hash_info.modulus for n in range(1, 5_000)]

    assert not _holds(rewrite("assert set(f(1)) == {1}"), colliding)
    assert not _holds(rewrite("assert Counter(f(1)) == {1: 1}"), colliding)


def test_a_function_may_be_called_what_a_view_is_called() -> None:
    case = rewrite("assert sorted([2, 1]) == f(1)")
    assert case.expected == [1, 2]

    own = rewrite("assert sum_(1, 2) == 3")
    assert (own.entry_point, own.views) == ("sum_", ())


def test_a_method_of_solution_is_a_call() -> None:
    assert rewrite("assert Solution().f(3) == 4").entry_point == "f"


@pytest.mark.parametrize(
    "source",
    [
        "assert f(x)",
        "assert f(x) == 4",
        "assert f(3) == g(4)",
        "assert f(3) == 4 and f(4) == 5",
        "assert f(3) == 4 == 4",
        "assert f(3) < 4",
        "assert f(3) != 4",
        "assert f(3) is not None",
        "assert f(3) is 4",
        "assert -f(3)",
        "assert not f(3) == 4",
        "assert x == f(3)",
        "assert 4 == x",
        "assert 1 == len([4])",
        "assert g(f(3)) == 4",
        "assert len(x) == 3",
        "assert sorted(f(3), reverse=True) == [4]",
        "assert m.len(f(3)) == 4",
        "assert eval('f(3)') == 4",
        "assert exec('f(3)') is None",
        "assert compile('f(3)', '', 'eval')",
        "assert __import__('m')",
        "assert m.f(3) == 4",
        "assert Solution(3).f(3) == 4",
        "assert Solution(n=3).f(3) == 4",
        "assert Other().f(3) == 4",
        "assert f(*[1]) == 4",
        "assert f(**{'a': 1}) == 4",
        "assert set(f(3), 4) == {1}",
        "assert round(f(3), 10**9) == 1",
        "assert round(f(3), 'x') == 1",
        "assert round(f(3), 1, 2) == 1",
        "assert len(f(3), None) == 1",
        "assert math.isclose(f(3), 4, tol=1)",
        "assert math.isclose(f(3))",
        "assert math.isclose(f(3), 'x')",
        "assert np.isclose(f(3), 4)",
        "assert math.isclose(f(3), 4, rel_tol=-1)",
        "assert abs(f(3) - 4) < float('inf')",
        "assert abs(f(3) + 4) < 1",
        "assert fabs(f(3) - 4) < 1",
        "assert abs(f(3) - 4, n=1) < 1",
        "assert 3 == 3",
        "assert True",
        "f(3) == 4",
        "assert f(3) == 4; import os",
        "assert f(3) ==",
        "assert f(__import__('os')) == 4",
        "assert f(...) == 4",
        "assert f(lambda: 3) == 4",
        "assert f(" + "[" * 5_000 + "]" * 5_000 + ") == 4",
        "assert f(" + "-" * 50_000 + "1) == 4",
        "assert f(3) == 10**10**10",
        "assert f(3) == 1 << 10**9",
        "assert f(3) == 2**16000 * 2**16000",
        "assert f(3) == [0] * 10**9",
        "assert f(3) == [[[0] * 1000] * 1000] * 1000",
        "assert f(3) == 'x' * 10**8",
        "assert f(3) == 10**8 * 'x'",
        "assert f(3) == [0] * -(10**9) + [0] * 700_000",
        "assert f(3) == ['x' * 1000] * 10_000",
        "assert f(3) == [b'x' * 1000] * 10_000",
        "assert f(3) == [('x' * 1000,)] * 10_000",
        "assert f(3) == [{'x' * 1000}] * 10_000",
        "assert f(3) == [{4: 'x' * 1000}] * 10_000",
        "assert f(3) == [{'x' * 1000: 4}] * 10_000",
        "assert f(3) == [frozenset(['x' * 1000])] * 10_000",
        "assert f(3) == [0] * 2.0",
        "assert f(3) == {0} * 2",
        "assert f(3) == 'x' * 'y'",
        "assert f(3) == [0] * 300_000 + [0] + [0]",
        "assert f([2**8000] * 10_000) == 4",
        "assert f(" + "2**8000, " * 10_000 + ") == 4",
        "assert f([0x" + "f" * 100_000 + "] * 1_000) == 4",
        "assert f(3) == 1 / 0",
        "assert f(3) == {[]}",
        "assert f(3) == {**{}}",
        "assert f(3) == dict(a=4)",
        "assert f(3) == (not 4)",
        "assert f(3) == dict([(4, 1)])",
        "assert f(3) == float('4', 1)",
        "assert f(3) == float([4])",
        "assert f(3) == len()",
        "assert f(3) == len([4], None)",
        "assert f(3) == 4 | 1",
        "assert f(3) == 1 << -1",
        "assert f(3) == '%9d' % 4",
        "assert f(3) == 4" + " " * 300_000 + "#",
        "",
        "\0",
    ],
)
def test_another_form_is_refused_and_the_supported_one_named(source: str) -> None:
    with pytest.raises(UnsupportedAssertError):
        rewrite(source)


def test_asserts_that_are_kept_together_share_one_bound() -> None:
    literals = Literals()
    rewrite("assert f(3) == [0] * 300_000", literals)

    with pytest.raises(UnsupportedAssertError, match="items"):
        rewrite("assert f(3) == [0] * 300_000", literals)


def test_a_refusal_names_the_form_that_is_supported() -> None:
    with pytest.raises(UnsupportedAssertError, match=r"assert f\(<literals>\) == <literal>"):
        rewrite("assert f(3) != 4")


def test_a_humaneval_check_becomes_one_case_for_each_assert() -> None:
    source = (
        "\n\nMETADATA = {\n    'author': 'jt',\n    'dataset': 'test'\n}\n\n\n"
        "def check(candidate):\n"
        "    assert candidate([1.0, 2.0], 0.3) == True\n"
        "    assert candidate([1.0], 0.05) is False, 'message'\n"
        "    assert True, 'This prints if this assert fails 1'\n\n"
        "check(close_elements)\n"
    )

    cases = rewrite_all(source)

    assert [(case.entry_point, case.args, case.expected) for case in cases] == [
        ("close_elements", ([1.0, 2.0], 0.3), True),
        ("close_elements", ([1.0], 0.05), False),
    ]


def test_a_check_that_is_not_called_checks_the_entry_point() -> None:
    cases = rewrite_all("def check(candidate):\n    assert candidate(1) == 2\n", "f")

    assert [case.entry_point for case in cases] == ["f"]


def test_a_check_may_say_and_call_something_else_too() -> None:
    cases = rewrite_all(
        "def check(candidate):\n    'Of f.'\n    assert candidate(1) == 2\n"
        "    assert g(1) == 3\n    pass\ncheck(f)"
    )

    assert [case.entry_point for case in cases] == ["f", "g"]


def test_a_list_of_asserts_becomes_as_many_cases() -> None:
    imports = "import math, collections\nfrom math import isclose\nfrom typing import List\n"
    cases = rewrite_all(imports + "assert f(1) == 2\nassert math.isclose(f(2), 3)\n# the end\n")

    assert [case.args for case in cases] == [(1,), (2,)]


@pytest.mark.parametrize(
    "source",
    [
        "assert f(1) == 2\nassert f(x) == 3",
        "x = 1\nassert f(1) == 2",
        "import os\nassert f(1) == 2",
        "import collections as math\nassert f(1) == 2",
        "from os import path\nassert f(1) == 2",
        "from math import sin as f\nassert f(1) == 2",
        "from .math import f\nassert f(1) == 2",
        "METADATA = f(1)\nassert f(1) == 2",
        "assert f(1) == 2\nassert False",
        "assert f(1) ==",
        "check(f)",
        "for i in range(3):\n    assert f(i) == i",
        "def check(candidate):\n    assert candidate(1) == 2\n",
        "def check(candidate):\n    f = candidate\n    assert f(1) == 2\ncheck(f)",
        "def check(candidate):\n    assert candidate(1) == 2\ncheck(f, g)",
        "def check(candidate):\n    assert candidate(1) == 2\ncheck(f, n=1)",
        "def check(candidate):\n    assert candidate(1) == 2\nother(f)\ncheck(f)",
        "def check(candidate, more):\n    assert candidate(1) == 2\ncheck(f)",
        "def check(candidate):\n    assert candidate(1) == 2\ndef other(f):\n    assert f(1) == 3\ncheck(f)",
        "@skip\ndef check(candidate):\n    assert candidate(1) == 2\ncheck(f)",
        "def check(candidate):\n    pass\ncheck(f)",
        "assert True",
        "",
    ],
)
def test_when_one_statement_cannot_be_rewritten_none_is(source: str) -> None:
    with pytest.raises(UnsupportedAssertError):
        rewrite_all(source)
