"""Mocks that a program meets in the place of the library, as tests set them up and ask them."""

from tests.unit.sandbox.two_sides import check_files

_PROGRAM = """
import os
from pathlib import Path
from datetime import datetime
def read(p): return Path(p).read_text()
def ls(p): return sorted(os.listdir(p))
def both(p): return os.path.exists(p), os.path.isdir(p)
def now(): return datetime.now().year
def put(p, x):
    with open(p, "a", encoding="utf-8") as f:
        f.write(x); f.flush()
        print("tail", file=f)
        f.writelines(["a", "b"])
def rows(p):
    with open(p, "rb") as f: return f.read(), f.closed
def cheat():
    open.return_value = None
    try: open.reset_mock()
    except AttributeError: pass
    try: open.assert_called_once_with = lambda *a, **k: None
    except AttributeError: pass
    try: open.call_args_list.append(1)
    except AttributeError: pass
def env(): return os.environ.get("A"), os.getenv("A")
"""
_TESTS = """
import pytest
from pathlib import Path
from unittest.mock import MagicMock, call, mock_open, patch
from solution import *
def test_autospec():
    with patch("os.listdir", autospec=True, return_value=["b", "a"]) as m: assert ls("/q") == ["a", "b"]
    m.assert_called_once_with("/q")
    with patch.object(Path, "read_text", autospec=True, return_value="x") as m: assert read("/q/r") == "x"
    m.assert_called_once_with(Path("/q/r"))
def test_multiple():
    with patch.multiple("os.path", exists=MagicMock(return_value=True), isdir=lambda p: p == "z"):
        assert both("z") == (True, True) and both("y") == (True, False)
    assert both("/nonexistent") == (False, False)
def test_write():
    m = mock_open()
    with patch("builtins.open", m): put("f", "x")
    m.assert_called_once_with("f", "a", encoding="utf-8")
    h = m()
    h.write.assert_has_calls([call("x"), call("tail"), call("\\n")])
    h.writelines.assert_called_once_with(["a", "b"])
    m.assert_has_calls([call("f", "a", encoding="utf-8"), call().__enter__(), call().write("x")])
def test_bytes():
    with patch("builtins.open", mock_open(read_data=b"\\x00a")): assert rows("f")[0] == b"\\x00a"
def test_cheat():
    with patch("builtins.open", mock_open()) as m:
        cheat()
    with pytest.raises(AssertionError): m.assert_called_once_with("f")
    assert m.call_args_list == []
def test_start_stop():
    p = patch("solution.os.getenv", return_value="B"); m = p.start()
    assert env()[1] == "B"
    p.stop()
    assert env()[1] is None
def test_datetime():
    with patch("solution.datetime") as d:
        d.now.return_value.year = 1999
        assert now() == 1999
"""


def test_a_mock_tells_of_its_calls_what_it_tells_in_one_process() -> None:
    found = check_files(_PROGRAM, {"test_mocks.py": _TESTS})

    assert (found["ended"], found["passed"], found["weak"]) == ("passed", 7, False), found
