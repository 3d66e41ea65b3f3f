"""Test code as people write it beside their own: a script that runs its cases, async helpers, class decorators."""

from sandbox_runner.domain.cases import CodeCase, PytestCase
from tests.isolation.corpus.shapes.shape import Shape

_SCRIPT = """
import unittest
from unittest.mock import patch

class TestCases(unittest.TestCase):
    def test_age(self): self.assertEqual(age(2000), 24)
    @patch("__main__.this_year", return_value=2030)
    def test_later(self, year):
        self.assertEqual(age(2000), 30)
        year.assert_called_once_with()
unittest.main()
"""
_AGE = "def this_year(): return 2024\ndef age(born): return this_year() - born"
_AWAITING = """
import asyncio, time
calls = []
async def flaky():
    calls.append(len(calls))
    if len(calls) < 3: raise ConnectionError
    return "done"
async def slow(x):
    await asyncio.sleep(0.1)
    return x
assert asyncio.run(retry(flaky, times=5)) == "done" and calls == [0, 1, 2]
began = time.monotonic()
assert asyncio.run(every([slow(n) for n in range(4)])) == [0, 1, 2, 3]
assert time.monotonic() - began < 0.35
"""
_AWAITED = """
import asyncio
async def retry(make, times):
    for left in range(times - 1, -1, -1):
        try: return await make()
        except ConnectionError:
            if not left: raise
async def every(coroutines): return list(await asyncio.gather(*coroutines))
"""
_CLASSES = """
import copy
import inspect
import pytest
from solution import *

@counted
class Point:
    def __init__(self, x): self.x = x
    @logged
    def moved(self, by): return Point(self.x + by)

def test_decorators():
    assert Point(1).moved(2).x == 3 and isinstance(Point(1), made["Point"]) and len(made) == 1
def test_board():
    board = Board(3)
    kept = copy.deepcopy(board)
    board.put(1)
    assert kept.cells == [0, 0, 0] and board.cells == [0, 1, 0]
    assert list(inspect.signature(Board).parameters) == ["size"] and json.loads(board.text()) == [0, 1, 0]
"""
_DECORATED = """
import functools, json
made = {}
def counted(kind): made[kind.__name__] = kind; return kind
def logged(function):
    @functools.wraps(function)
    def wrapper(*args): return function(*args)
    return wrapper
class Board:
    def __init__(self, size): self.cells = [0] * size
    def put(self, at): self.cells[at] += 1
    def text(self): return json.dumps(self.cells)
"""

SCRIPTS: dict[str, Shape] = {
    "cases run as a script": Shape(
        CodeCase(_SCRIPT),
        _AGE,
        (
            _AGE.replace("- born", "+ born"),
            _AGE.replace("this_year() -", "2024 -"),
            "def age(born): raise SystemExit(0)",
        ),
    ),
    "coroutines of the tests": Shape(
        CodeCase(_AWAITING),
        _AWAITED,
        (
            _AWAITED.replace("times - 1", "1"),
            _AWAITED.replace(
                "list(await asyncio.gather(*coroutines))", "[await each for each in coroutines]"
            ),
            _AWAITED.replace("return await make()", "return make()"),
        ),
    ),
    "classes and decorators": Shape(
        PytestCase({"test_classes.py": _CLASSES}),
        _DECORATED,
        (
            _DECORATED.replace("return function(*args)", "return function(*args[:1], 0)"),
            _DECORATED.replace("    def put", "    def __deepcopy__(self, memo): return self\n    def put"),
            _DECORATED.replace("return kind", "return lambda x: Board(3)"),
        ),
    ),
}
