from pathlib import Path

import pytest

from training.whole import whole, write_whole


def test_a_text_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "made" / "on.the.way.txt"

    write_whole(path, "eins")
    write_whole(path, "zwölf\n")

    assert path.read_text(encoding="utf-8") == "zwölf\n"
    assert list(path.parent.iterdir()) == [path]


def test_what_ends_in_an_error_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    write_whole(path, "before")

    with pytest.raises(ZeroDivisionError):
        write_and_fail(path)

    assert path.read_text(encoding="utf-8") == "before"


def write_and_fail(path: Path) -> None:
    with whole(path) as partial:
        partial.write_text("half of wh", encoding="utf-8")
        raise ZeroDivisionError
