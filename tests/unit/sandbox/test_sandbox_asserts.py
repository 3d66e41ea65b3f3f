"""Asserts become calls whose expectation stays outside."""

import pytest

from sandbox_runner.asserts import UnsupportedAssertError, rewrite
from sandbox_runner.comparison import Equality


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


def test_an_empty_set_is_a_literal() -> None:
    assert rewrite("assert f(set()) == set()").expected == set()


@pytest.mark.parametrize(
    "source",
    [
        "assert f(3)",
        "assert f(x) == 4",
        "assert f(3) == g(4)",
        "assert f(3) == 4 and f(4) == 5",
        "assert f(3) == 4 == 4",
        "assert f(3) < 4",
        "assert m.f(3) == 4",
        "assert f(*[1]) == 4",
        "assert f(**{'a': 1}) == 4",
        "assert 3 == 3",
        "f(3) == 4",
        "assert f(3) == 4; import os",
        "assert f(3) ==",
        "assert f(__import__('os')) == 4",
        "assert f(" + "[" * 5_000 + "]" * 5_000 + ") == 4",
        "",
        "\0",
    ],
)
def test_another_form_is_refused_and_the_supported_one_named(source: str) -> None:
    with pytest.raises(UnsupportedAssertError, match=r"assert f\(<literals>\) == <literal>"):
        rewrite(source)
