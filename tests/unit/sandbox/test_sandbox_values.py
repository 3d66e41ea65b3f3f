"""Typed canonical JSON."""

import json
import sys
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path, PureWindowsPath
from statistics import NormalDist
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox_runner.jail import values

_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary()
)
_HASHABLE = st.one_of(_SCALARS, st.tuples(_SCALARS, _SCALARS), st.frozensets(_SCALARS, max_size=3))
_VALUES = st.recursive(
    st.one_of(_HASHABLE, st.complex_numbers(allow_nan=False), st.sets(_HASHABLE, max_size=4)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_HASHABLE, inner, max_size=4),
    max_leaves=10,
)


@given(_VALUES)
def test_a_plain_value_survives_the_journey(value: object) -> None:
    assert values.decode(values.encode(value)) == value


@given(_VALUES)
def test_a_plain_value_keeps_its_type(value: object) -> None:
    assert type(values.decode(values.encode(value))) is type(value)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_bytes_that_nobody_encoded_are_refused_or_decoded_but_never_crash(noise: bytes) -> None:
    try:
        values.decode(noise)
    except values.MalformedValueError:
        return


@pytest.mark.parametrize(
    "text",
    [
        '{"set":[[1]]}',
        '{"dict":[1]}',
        '{"a":1,"b":2}',
        '{"bytes":"zz"}',
        '{"int":"x"}',
        '{"complex":[1]}',
        "[" * 100_000,
        "",
        "1 2",
        "[1] ",
        " [1]",
    ],
)
def test_a_forged_document_is_malformed(text: str) -> None:
    with pytest.raises(values.MalformedValueError):
        values.decode(text)


class _Grade(IntEnum):
    TOP = 1


Point = namedtuple("Point", "x y")  # noqa: PYI024 - programs under test use it


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (_Grade.TOP, 1),
        (defaultdict(list, {1: [2]}), {1: [2]}),
        (OrderedDict(a=1), {"a": 1}),
        (Point(1, 2), (1, 2)),
    ],
)
def test_a_subclass_of_a_plain_type_becomes_the_plain_type(value: object, plain: object) -> None:
    decoded = values.decode(values.encode(value))

    assert decoded == plain
    assert type(decoded) is type(plain)


@pytest.mark.parametrize(
    "value",
    [
        Counter(a=1, b=0),
        Decimal("2.50"),
        Decimal("-Infinity"),
        Fraction(-1, 3),
        bytearray(b"ab"),
        deque([1, (2,)]),
        range(1, 9, 2),
        slice(1, None),
        date(2024, 2, 29),
        datetime(2024, 2, 29, 12, tzinfo=UTC),
        datetime(2024, 2, 29, 12, tzinfo=timezone(timedelta(hours=-3), "there")),
        time(12, 30, tzinfo=timezone(timedelta(hours=1))),
        ZoneInfo("Europe/Paris"),
        datetime(2024, 2, 29, 12, tzinfo=ZoneInfo("America/New_York")),
        time(12, 30, fold=1, tzinfo=ZoneInfo("UTC")),
        UTC,
        UUID(int=5),
        Path("a/../b"),
        ip_address("10.0.0.1"),
        ip_interface("fe80::1%eth0/64"),
        ip_network("10.0.0.0/8"),
        NormalDist(1, 2),
        PureWindowsPath("c:/a"),
        {"b": 1, "a": 2}.keys(),
        {"b": [1]}.items(),
        int,
        type(None),
        Fraction,
        ValueError,
        ...,
    ],
)
def test_a_value_of_the_library_survives_the_journey(value: object) -> None:
    decoded = values.decode(values.encode(value))

    assert decoded == value
    assert type(decoded) is type(value)


def test_the_second_of_two_equal_hours_stays_the_second() -> None:
    first = datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Paris"))

    decoded: list[datetime] = values.decode(values.encode([first, first.replace(fold=1)]))  # type: ignore[assignment]

    assert [value.utcoffset() for value in decoded] == [timedelta(hours=2), timedelta(hours=1)]


def test_a_zone_of_a_file_has_no_form() -> None:
    with Path("/usr/share/zoneinfo/Europe/Paris").open("rb") as file:
        zone = ZoneInfo.from_file(file)

    assert isinstance(values.decode(values.encode(datetime(2024, 1, 1, tzinfo=zone))), values.Opaque)


def test_views_of_a_dict_keep_their_order() -> None:
    kept = {"b": [1], "a": [2]}

    decoded: list[Any] = values.decode(values.encode([kept.keys(), kept.values(), kept.items()]))  # type: ignore[assignment]

    assert [list(view) for view in decoded] == [["b", "a"], [[1], [2]], [("b", [1]), ("a", [2])]]


class _Sly(Fraction):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = Fraction.__hash__


def _sly_class() -> type:
    return type("int", (), {"__module__": "builtins"})


@pytest.mark.parametrize("value", [_Sly(1), _sly_class(), _sly_class()(), Decimal("1" * 5_000), object])
def test_what_only_looks_like_the_library_equals_nothing(value: object) -> None:
    decoded = values.decode(values.encode(value))

    assert isinstance(decoded, values.Opaque) or decoded is object is value


@pytest.mark.parametrize("number", [Decimal("0.5"), Fraction(1, 2), Fraction(4), Decimal(10**18)])
def test_a_number_that_is_hashed_becomes_one_that_compares_quickly(number: object) -> None:
    """A program decides how often members are compared, and with which long integers."""
    decoded: list[Any] = values.decode(values.encode([{number}, {number: 1}, {(number,)}]))  # type: ignore[assignment]

    assert decoded == [{number}, {number: 1}, {(number,)}]
    kinds = {type(member) for member in (*decoded[0], *decoded[1], *next(iter(decoded[2])))}
    assert kinds <= {int, float}


@pytest.mark.parametrize("number", [Decimal("0.1"), Fraction(1, 3), Decimal("sNaN"), Decimal("1e999999999")])
def test_one_that_has_no_such_form_equals_nothing(number: Any) -> None:
    decoded = values.decode(json.dumps({"set": [values.tag(number)]}))

    assert decoded == {values.Opaque(type(number).__name__)}


@pytest.mark.parametrize(
    "forged",
    [
        {"fractions.Fraction": [1, 0]},
        {"decimal.Decimal": ["x"]},
        {"decimal.Decimal": [1.5, 2, 3]},
        {"class": ["os.system"]},
        {"class": ["builtins.print"]},
        {"class": [3]},
        {"class": ["builtins.nothing"]},
        {"class": ["builtins."]},
        {"class": ["abc.ABC.register"]},
        {"single": ["None"]},
        {"dict_items": [1]},
        {"dict_keys": [[1]]},
        {"Counter": [[[], 1]]},
        {"datetime.date": [0, 0, 0]},
        {"datetime.time": [0, 0, 0, 0, 1]},
        {"datetime.timezone": [3]},
        {"datetime.datetime": [2024, 10, 27, 2, 30, 0, 0, {"zoneinfo.ZoneInfo": ["Europe/Paris"]}, 3]},
        {"datetime.datetime": [2024, 10, 27, 2, 30, 0, 0, {"zoneinfo.ZoneInfo": ["Europe/Paris"]}, 1, 1]},
        {"datetime.time": [2, 30, 0, 0, {"zoneinfo.ZoneInfo": ["UTC"]}, 0, 0]},
        {"zoneinfo.ZoneInfo": ["../../etc/passwd"]},
        {"zoneinfo.ZoneInfo": ["/etc/localtime"]},
        {"zoneinfo.ZoneInfo": ["Europe"]},
        {"zoneinfo.ZoneInfo": ["Europe/Nowhere"]},
        {"zoneinfo.ZoneInfo": ["x" * 5_000]},
        {"zoneinfo.ZoneInfo": [None]},
        {"uuid.UUID": [None, {"bytes": "00" * 16}]},
        {"pathlib.PosixPath": [3]},
        {"ipaddress.IPv4Address": [3]},
        {"ipaddress.IPv4Network": ["10.0.0.1/8"]},
        {"statistics.NormalDist": [0.0, -1.0]},
        {"pathlib.PosixPath": ["a", "b"]},
        {"bytearray": 3},
        {"fractions.Fraction": [{"dict": []}, 1]},
    ],
)
def test_a_forged_value_of_the_library_is_malformed(forged: object) -> None:
    with pytest.raises(values.MalformedValueError):
        values.untag(forged)


_SAME_HASH = [n * sys.hash_info.modulus for n in range(1, 5_000)]


@pytest.mark.parametrize("kind", ["set", "frozenset"])
def test_a_set_made_to_collide_is_malformed(kind: str) -> None:
    with pytest.raises(values.MalformedValueError, match="share a hash"):
        values.decode(json.dumps({kind: _SAME_HASH}))


def test_a_dict_made_to_collide_is_malformed() -> None:
    with pytest.raises(values.MalformedValueError, match="share a hash"):
        values.decode(json.dumps({"dict": [[key, 0] for key in _SAME_HASH]}))


def test_the_same_value_many_times_is_no_collision() -> None:
    assert values.decode(json.dumps({"set": [7] * 5_000})) == {7}


def test_an_integer_too_long_for_decimal_digits_survives() -> None:
    assert values.decode(values.encode(-(7**20_000))) == -(7**20_000)


def test_an_object_that_equals_everything_becomes_an_opaque_name() -> None:
    class Everything:
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    assert values.decode(values.encode([Everything()])) == [values.Opaque("Everything")]


@pytest.mark.skipif(find_spec("numpy") is None, reason="NO numpy")
def test_a_scalar_of_numpy_is_the_plain_value() -> None:
    numpy = import_module("numpy")
    returned = [numpy.int64(4), numpy.bool_(1), numpy.float32(0.5), numpy.longdouble(1), numpy.zeros(1)]

    seen = values.decode(values.encode(returned))

    assert seen == [4, True, 0.5, values.Opaque("longdouble"), values.Opaque("ndarray")]
    assert [type(item) for item in seen[:3]] == [int, bool, float]


def test_an_int_that_lies_about_equality_is_sent_as_what_it_is() -> None:
    class Liar(int):
        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 0

        def __index__(self) -> int:
            return 42

    assert values.decode(values.encode(Liar(3))) == 3


def test_a_list_that_contains_itself_ends_at_the_depth_limit() -> None:
    endless: list[object] = []
    endless.append(endless)

    assert "nested deeper" in values.encode(endless)


def test_a_set_of_many_foreign_objects_is_a_value() -> None:
    assert values.untag({"set": [{"opaque": "A"}] * 1000}) == {values.Opaque("A")}


def test_a_complex_number_too_large_for_a_float_is_refused() -> None:
    with pytest.raises(values.MalformedValueError, match="too large"):
        values.untag({"complex": [10**400, 0]})


@pytest.mark.parametrize(
    "made",
    [
        {"fractions.Fraction": ["1e99999999"]},
        {"fractions.Fraction": [1.5, 2]},
        {"fractions.Fraction": [{"decimal.Decimal": ["1e-99999999"]}, 1]},
        {"decimal.Decimal": [1]},
        {"decimal.Decimal": [{"tuple": [0, {"tuple": [1]}, 5]}]},
    ],
)
def test_numbers_are_made_of_what_encode_writes_and_of_nothing_dearer(made: dict[str, object]) -> None:
    with pytest.raises(values.MalformedValueError):
        values.decode(json.dumps(made))
