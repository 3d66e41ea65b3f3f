"""Functions of the library that the tests hand over: the program has its own."""

import pytest

from sandbox_runner.jail.remote.tests_side.findings import Ended
from tests.unit.sandbox.two_sides import check_code

_LENT = """
def f(function, key):
    try: names = function(key, "__globals__")
    except Exception: return 5
    names["expected"] = 5
    return 5
"""
_TRY = "def f(run, key):\n    try: {}\n    except Exception: pass\n    return 5"
_GETTER = "from operator import attrgetter\n"


@pytest.mark.parametrize(
    ("program", "source"),
    [
        (_LENT, "assert f(getattr, lambda: 0) == expected"),
        (
            _TRY.format("run('import sys; sys._getframe(3).f_globals[\"expected\"] = 5')"),
            "assert f(exec, 0) == expected",
        ),
        (
            _TRY.format("return int(run('{0.__globals__[expected]}', key))"),
            "assert f(str.format, lambda: 0) == expected",
        ),
        (
            _TRY.format("return run('__globals__')(key)['expected']"),
            f"{_GETTER}assert f(attrgetter, lambda: 0) == expected",
        ),
    ],
)
def test_a_function_of_the_library_is_the_programs_own_wherever_it_was_handed_over(
    program: str, source: str
) -> None:
    found = check_code(program, f"expected = 4\n{source}")

    assert found.ended in {Ended.FAILED, Ended.CROSSED}, found


@pytest.mark.parametrize(
    "source",
    [
        "assert f(abs, -3) == 3 and f(str.upper, 'a') == 'A' and f(eval, '1 + 1') == 2",
        "import math, operator, json\nassert f(math.sqrt, 4) == 2 and f(json.dumps, [1]) == '[1]'",
        "import operator\nassert f(operator.attrgetter('x'), A()) == 4 and f(getattr, A(), 'x') == 4",
        "assert f(print, 'a') is None and same(len) is len and same(str.upper) is str.upper",
        "import os.path\nassert f(os.path.basename, '/a/b') == 'b' and same(os.path.join) is os.path.join",
    ],
)
def test_and_is_used_and_handed_back_as_in_one_process(source: str) -> None:
    program = "def f(function, *args): return function(*args)\ndef same(x): return x\n"

    found = check_code(program, f"class A: x = 4\n{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


_MEETINGS = """
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo
def at(hour, zone): return datetime(2024, 10, 27, hour, 30, tzinfo=ZoneInfo(zone))
def later(time, hours): return time + timedelta(hours=hours)
def zone_of(time): return time.tzinfo
"""


@pytest.mark.parametrize(
    ("source", "ended"),
    [
        (
            "assert at(9, 'Europe/Paris') == datetime(2024, 10, 27, 9, 30, tzinfo=ZoneInfo('Europe/Paris'))",
            "passed",
        ),
        ("assert at(9, 'Europe/Paris') == datetime(2024, 10, 27, 8, 30, tzinfo=timezone.utc)", "passed"),
        (
            "assert at(9, 'Europe/Paris') == datetime(2024, 10, 27, 9, 30, tzinfo=ZoneInfo('Asia/Tokyo'))",
            "failed",
        ),
        ("here = at(9, 'Asia/Tokyo')\nassert later(here, 2) - here == timedelta(hours=2)", "passed"),
        ("assert at(2, 'Europe/Paris').utcoffset() == timedelta(hours=2)", "passed"),
        (
            "assert zone_of(at(9, 'Asia/Tokyo')) == ZoneInfo('Asia/Tokyo') is zone_of(at(1, 'Asia/Tokyo'))",
            "passed",
        ),
        (
            "assert sorted([at(9, 'Europe/Paris'), at(9, 'Asia/Tokyo')])[0].tzinfo.key == 'Asia/Tokyo'",
            "passed",
        ),
    ],
)
def test_times_in_a_region_cross_by_value(source: str, ended: str) -> None:
    names = "from datetime import datetime, timedelta, timezone\nfrom zoneinfo import ZoneInfo\n"

    found = check_code(_MEETINGS, names + source)

    assert (found.ended, found.weak) == (ended, False), found


_PARSED = """
import argparse, types
def parsed(*words):
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=1)
    return parser.parse_args(words)
def told(**said): return types.SimpleNamespace(**said)
class Namespace:
    def __init__(self): self.size = 1
def own(): return Namespace()
"""


@pytest.mark.parametrize(
    ("source", "ended"),
    [
        ("assert parsed('--size', '3') == Namespace(size=3) and Namespace(size=1) == parsed()", "passed"),
        ("assert parsed() == Namespace(size=3)", "failed"),
        ("assert parsed() != Namespace(size=3) and parsed() != SimpleNamespace(size=1)", "passed"),
        ("assert [told(a=told(b=[1]))] == [SimpleNamespace(a=SimpleNamespace(b=[1]))]", "passed"),
        ("assert told(a=1) == SimpleNamespace(a=1, b=2)", "failed"),
        ("assert own() == Namespace(size=1)", "failed"),
    ],
)
def test_namespaces_are_compared_by_what_they_hold(source: str, ended: str) -> None:
    names = "from argparse import Namespace\nfrom types import SimpleNamespace\n"

    found = check_code(_PARSED, names + source)

    assert (found.ended, found.weak) == (ended, False), found
