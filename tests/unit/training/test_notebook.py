from pathlib import Path

import pytest

from training.evaluate.notebook import Notebook
from training.run import Record


class Work:
    """Counts how often it is done; fails when told to."""

    def __init__(self) -> None:
        self.done = 0
        self.fails = False

    def __call__(self) -> Record:
        self.done += 1
        if self.fails:
            raise OSError("killed")
        return {"n": self.done}


def test_a_part_is_done_once_even_over_a_restart(tmp_path: Path) -> None:
    work = Work()

    Notebook(tmp_path / "book", "same").part("a/b", work)

    assert Notebook(tmp_path / "book", "same").part("a/b", work) == {"n": 1}


def test_a_part_that_failed_is_done_again(tmp_path: Path) -> None:
    work = Work()
    work.fails = True
    notebook = Notebook(tmp_path / "book", "same")
    with pytest.raises(OSError, match="killed"):
        notebook.part("a", work)
    work.fails = False

    assert notebook.part("a", work) == {"n": 2}
    assert set(notebook.seconds) == {"a"}


def test_parts_found_with_other_weights_are_dropped(tmp_path: Path) -> None:
    work = Work()

    Notebook(tmp_path / "book", "old").part("a", work)

    assert Notebook(tmp_path / "book", "new").part("a", work) == {"n": 2}
