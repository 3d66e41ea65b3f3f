"""When a returned value equals the expected one, and when printed output does."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox_runner.domain.checkers import CHECKERS
from sandbox_runner.domain.comparison import Equality, equal
from sandbox_runner.domain.verdict import Outcome
from sandbox_runner.jail import values
from sandbox_runner.jail.values import Opaque


@pytest.mark.parametrize(
    ("expected", "returned"),
    [
        (1, 1),
        ([1, 2], (1, 2)),
        ([[1, 2], [3]], [(1, 2), [3]]),
        ({"1": 2}, {1: 2}),
        ({"true": 1, "null": 2, "1.5": 3}, {True: 1, None: 2, 1.5: 3}),
        ({"Infinity": 1, "-Infinity": 2, "NaN": 3}, {math.inf: 1, -math.inf: 2, math.nan: 3}),
        (math.nan, math.nan),
        (0.0, -0.0),
        (None, None),
    ],
)
def test_json_equality_accepts(expected: object, returned: object) -> None:
    assert equal(expected, returned, Equality.JSON)


@pytest.mark.parametrize(
    ("expected", "returned"),
    [
        (True, 1),
        (1, True),
        (1, 1.0),
        (1.0, 1),
        ("1", 1),
        ([1, 2], {1, 2}),
        ([1, 2], [1, 2, 3]),
        ([1, 2, 3], [1, 2]),
        ({"1": 2}, {"1": 2, 1: 2}),
        ({"a": 1}, {"a": True}),
        ([None], None),
        ({}, []),
        (998244353, 998244354),
        (1, Opaque("int")),
        ("x", b"x"),
    ],
)
def test_json_equality_refuses(expected: object, returned: object) -> None:
    assert not equal(expected, returned, Equality.JSON)


@pytest.mark.parametrize(
    ("expected", "returned", "same"),
    [
        (2.0, 2, True),
        (0.0, 0, True),
        (False, 0, True),
        ([1, {"a": 1.0}], (True, {"a": 1}), True),
        ({"1": 2.5}, {1: 2.5}, True),
        (math.nan, math.nan, True),
        (2**53 + 1, float(2**53), False),
        (0, None, False),
        (0, "", False),
        (0, [], False),
        ("1", 1, False),
        (1, Opaque("int"), False),
        ([1, 2], {1, 2}, False),
        (1, 1 + 0j, False),
    ],
)
def test_numbers_may_be_equal_by_value(expected: object, returned: object, *, same: bool) -> None:
    assert equal(expected, returned, Equality.NUMBERS) is same


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def _with_tuples(value: object) -> object:
    if isinstance(value, list):
        return tuple(map(_with_tuples, value))
    if isinstance(value, dict):
        return {key: _with_tuples(item) for key, item in value.items()}
    return value


@given(_JSON)
def test_json_equality_knows_every_value_again(value: object) -> None:
    assert equal(value, json.loads(json.dumps(value)), Equality.JSON)
    assert equal(value, values.decode(values.encode(value)), Equality.JSON)
    assert equal(value, _with_tuples(value), Equality.JSON)


@given(_JSON, _JSON)
def test_json_equality_means_the_same_json(one: object, other: object) -> None:
    same_text = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    if same_text:
        assert equal(one, other, Equality.JSON)
    elif equal(one, other, Equality.JSON):
        assert "-0.0" in json.dumps([one, other])  # zero has two spellings


@given(_JSON)
def test_an_object_of_the_program_equals_nothing(value: object) -> None:
    for equality in Equality:
        if equality is not Equality.TRUTH:
            assert not equal(value, Opaque("Everything"), equality)
    for expected in (True, False):
        assert not equal(expected, Opaque("Everything"), Equality.TRUTH)


def test_python_equality_is_that_of_an_assert() -> None:
    assert equal(4, 4.0, Equality.PYTHON)
    assert equal({1, 2}, frozenset({2, 1}), Equality.PYTHON)
    assert not equal((1, 2), [1, 2], Equality.PYTHON)
    assert not equal(1, Opaque("Everything"), Equality.PYTHON)


@pytest.mark.parametrize(
    ("expected", "printed", "outcome"),
    [
        (b"4\n", b"4", Outcome.ACCEPTED),
        (b"1 \n2\n\n", b"1\n2", Outcome.ACCEPTED),
        (b"a\r\nb\r\n", b"a\nb\n", Outcome.ACCEPTED),
        (b"", b"\n", Outcome.ACCEPTED),
        (b"1 2", b"1  2", Outcome.PRESENTATION_ERROR),
        (b"1 2", b"1\n2", Outcome.PRESENTATION_ERROR),
        (b"1", b"  1", Outcome.PRESENTATION_ERROR),
        (b"1\n2\n3", b"1", Outcome.WRONG_ANSWER),
        (b"YES", b"yes", Outcome.WRONG_ANSWER),
        (b"10", b"1_0", Outcome.WRONG_ANSWER),
        (b"998244353", b"998244354", Outcome.WRONG_ANSWER),
        (b"1", "\uff11".encode(), Outcome.WRONG_ANSWER),
        (b"0.001", b"0.0", Outcome.WRONG_ANSWER),
        (b"\nhello", b"", Outcome.WRONG_ANSWER),
        (b"12", b"1 2", Outcome.WRONG_ANSWER),
    ],
)
def test_the_standard_checker_says(expected: bytes, printed: bytes, outcome: Outcome) -> None:
    assert CHECKERS["standard"](expected, printed) is outcome


def test_the_identical_checker_counts_every_byte() -> None:
    assert CHECKERS["identical"](b"4\n", b"4") is Outcome.WRONG_ANSWER
    assert CHECKERS["identical"](b"4\n", b"4\n") is Outcome.ACCEPTED


def test_an_integer_key_too_long_to_be_spelled_equals_no_json_key() -> None:
    assert not equal({"1": 1}, {10**5000: 1}, Equality.JSON)
