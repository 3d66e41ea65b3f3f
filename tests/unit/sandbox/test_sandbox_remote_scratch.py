"""Two copies of a scratch directory that tell each other what changed."""

import base64
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox_runner.jail.remote.files import MOST_BYTES, MOST_ENTRIES, Files
from sandbox_runner.jail.remote.tests_side.environment import TestsEnvironment
from sandbox_runner.jail.remote.tests_side.files import TestsFiles, TooMuchError

_LARGE = bytes(MOST_BYTES // 4)


class Sides:
    """The directory of the tests and that of the program."""

    def __init__(self, tmp_path: Path) -> None:
        self.tests, self.program = tmp_path / "tests", tmp_path / "program"
        self.tests.mkdir()
        self.program.mkdir()
        self.of_tests, self.of_program = TestsFiles(str(self.tests)), Files(str(self.program))

    def ask(self) -> dict[str, Any]:
        self.of_program.take(news := self.of_tests.news())
        return news

    def answer(self) -> dict[str, Any]:
        self.of_tests.take(news := self.of_program.news())
        return news


@pytest.fixture
def sides(tmp_path: Path) -> Sides:
    return Sides(tmp_path)


def _tree(root: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in sorted(root.rglob("*"))
    }


def test_each_side_has_what_the_other_wrote_changed_and_removed(sides: Sides) -> None:
    (sides.tests / "d/e").mkdir(parents=True)
    (sides.tests / "d/e/in").write_bytes(b"\0\xff")
    sides.ask()
    first = _tree(sides.program)

    (sides.program / "d/e/in").unlink()
    (sides.program / "d/e").rmdir()
    (sides.program / "d/e").write_text("a file now")
    (sides.program / os.fsdecode(b"odd\xff\n")).write_text("")
    sides.answer()

    assert first == {"d": None, "d/e": None, "d/e/in": b"\0\xff"}
    assert _tree(sides.tests) == _tree(sides.program) == {"d": None, "d/e": b"a file now", "odd\udcff\n": b""}
    assert sides.ask() == sides.answer() == {}


def test_two_changes_within_a_tick_of_the_clock_are_two(sides: Sides) -> None:
    file = sides.tests / "in"
    for text in ("a", "b", "c"):
        with file.open("w") as opened:
            opened.write(text)
        os.utime(file, ns=(0, 0))
        sides.ask()
        assert (sides.program / "in").read_text() == text


def test_what_did_not_change_is_not_told_again(sides: Sides) -> None:
    (sides.tests / "in").write_text("a")
    sides.ask()
    (sides.program / "in").write_text("a")

    assert sides.answer() == {}


def test_who_has_a_file_open_sees_what_arrives(sides: Sides) -> None:
    with (sides.tests / "log").open("w+") as opened:
        opened.write("a\n")
        opened.flush()
        sides.ask()
        with (sides.program / "log").open("a") as appending:
            appending.write("b\n")
        sides.answer()
        opened.seek(0)

        assert opened.read() == "a\nb\n"


def _bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))


_NOT_CROSSING: dict[str, Callable[[Path], object]] = {
    "a link": lambda path: path.symlink_to("/etc/passwd"),
    "a pipe": os.mkfifo,
    "a socket": _bind,
    "too large a file": lambda path: path.write_bytes(bytes(MOST_BYTES + 1)),
}


@pytest.mark.parametrize("name", _NOT_CROSSING)
def test_of_the_program_only_directories_and_files_cross(sides: Sides, name: str) -> None:
    _NOT_CROSSING[name](sides.program / "x")
    (sides.program / "y").write_text("")

    sides.answer()

    assert _tree(sides.tests) == {"y": b""}


def test_a_file_that_grows_too_large_is_gone(sides: Sides) -> None:
    (sides.program / "x").write_text("small")
    sides.answer()
    (sides.program / "x").write_bytes(bytes(MOST_BYTES + 1))
    sides.answer()

    assert _tree(sides.tests) == {}


def test_each_side_has_room_of_its_own(sides: Sides) -> None:
    for n in range(3):
        (sides.tests / f"t{n}").write_bytes(_LARGE)
    sides.ask()
    for n in range(3):
        (sides.program / f"p{n}").write_bytes(_LARGE)
    sides.answer()

    assert len(_tree(sides.tests)) == 6


@pytest.mark.parametrize("most", [(5, len(_LARGE)), (MOST_ENTRIES + 1, 0)])
def test_tests_that_write_more_than_crosses_are_told(sides: Sides, most: tuple[int, int]) -> None:
    for n in range(most[0]):
        (sides.tests / f"t{n}").write_bytes(bytes(most[1]))

    with pytest.raises(TooMuchError):
        sides.of_tests.news()


def test_what_was_there_before_never_crosses(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/given").write_text("a")
    files = Files(str(tmp_path))
    (tmp_path / "d/given").write_text("b")
    (tmp_path / "d/beside").mkdir()
    (tmp_path / "d/beside/new").write_text("b")
    (tmp_path / "new").write_text("c")

    assert files.news() == {"files": [["new", base64.b64encode(b"c").decode()]], "gone": []}


def _many(count: int, content: bytes) -> list[list[str]]:
    return [[f"f{n}", base64.b64encode(content).decode()] for n in range(count)]


_FORGED: dict[str, dict[str, Any]] = {
    "above the root": {"files": [["../x", ""]]},
    "of the host": {"files": [["/x", ""]]},
    "above, by a known directory": {"files": [["own/..", ""]]},
    "nothing": {"files": [["", ""]]},
    "the root": {"files": [[".", None]]},
    "an empty part": {"files": [["own//x", ""]]},
    "a null": {"files": [["a\0b", ""]]},
    "no text": {"files": [[3, ""]]},
    "not what crosses": {"files": [["x", 3]]},
    "half a character": {"files": [["\ud800", ""]]},
    "in an unknown directory": {"files": [["d/x", ""]]},
    "in a file": {"files": [["in/x", ""]]},
    "in a link of the tests": {"files": [["link/x", ""]]},
    "over a link of the tests": {"files": [["link", ""]]},
    "a directory over a link": {"files": [["link", None]]},
    "over a directory": {"files": [["own", ""]]},
    "over a pipe": {"files": [["pipe", ""]]},
    "gone that never was": {"files": [], "gone": ["y"]},
    "a link gone": {"files": [], "gone": ["link"]},
    "too many bytes": {"files": _many(5, _LARGE)},
    "too many": {"files": _many(MOST_ENTRIES + 1, b"")},
    "no list": {"files": 3},
}


@pytest.mark.parametrize("name", _FORGED)
def test_what_no_honest_program_tells_is_refused(sides: Sides, tmp_path: Path, name: str) -> None:
    (sides.tests / "own").mkdir()
    (sides.tests / "in").write_text("in")
    (sides.tests / "link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(sides.tests / "pipe")
    (tmp_path / "elsewhere").mkdir()
    sides.ask()

    with pytest.raises((OSError, AttributeError, LookupError, TypeError, ValueError)):
        sides.of_tests.take(_FORGED[name])

    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "program", "tests"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_there_are_no_files_where_there_is_no_scratch_directory() -> None:
    with pytest.raises(ValueError, match="can be none"):
        TestsEnvironment(None).hear({"files": [["x", ""]]})


_ALTERING: dict[str, tuple[Callable[[Path], object], bool]] = {
    "changes a file": (lambda root: (root / "full").write_text("else"), True),
    "empties a file": (lambda root: (root / "full").write_text(""), True),
    "removes a file": (lambda root: (root / "empty").unlink(), True),
    "removes a directory": (lambda root: (root / "d").rmdir(), True),
    "moves a file": (lambda root: (root / "full").rename(root / "moved"), True),
    "fills an empty file": (lambda root: (root / "empty").write_text("full"), False),
    "writes beside": (lambda root: (root / "d/new").write_text("new"), False),
}


@pytest.mark.parametrize("name", _ALTERING)
def test_whether_the_program_changed_what_the_tests_wrote(sides: Sides, name: str) -> None:
    change, alters = _ALTERING[name]
    (sides.tests / "d").mkdir()
    (sides.tests / "full").write_text("full")
    (sides.tests / "empty").write_text("")
    sides.ask()
    change(sides.program)

    sides.answer()

    assert bool(sides.of_tests.altered) is alters


def test_what_the_program_wrote_it_may_change(sides: Sides) -> None:
    (sides.program / "own").write_text("a")
    sides.answer()
    (sides.program / "own").write_text("b")
    sides.answer()

    assert not sides.of_tests.altered


def test_which_files_are_the_programs(sides: Sides) -> None:
    (sides.tests / "own.py").write_text("")
    (sides.tests / "both.py").write_text("")
    sides.ask()
    (sides.program / "both.py").write_text("1")
    (sides.program / "theirs.zip").write_text("2")
    sides.answer()
    names = ("own.py", "both.py", "theirs.zip/module.py", "none.py")

    assert [sides.of_tests.are_theirs(f"{sides.tests}/{name}") for name in names] == [
        False,
        True,
        True,
        False,
    ]
    assert [sides.of_tests.were_ours(f"{sides.tests}/{name}") for name in names] == [False] * 4
    assert not sides.of_tests.are_theirs("/both.py")
    (sides.tests / "both.py").write_text("3")
    sides.ask()
    assert not sides.of_tests.are_theirs(f"{sides.tests}/both.py")
