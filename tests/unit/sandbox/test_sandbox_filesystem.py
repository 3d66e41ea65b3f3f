"""Where the root of boxes is built, and how a box sees that something was left."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from sandbox_runner.jail import filesystem


@pytest.mark.parametrize(
    "paths", [("/tmp/clone/.venv/lib", "/usr/lib"), ("/tmp",), ("/mnt/tools", "/tmp/x")], ids=str
)
def test_the_root_hides_nothing_that_is_shown(paths: tuple[str, ...]) -> None:
    place = filesystem._mountpoint(paths)  # noqa: SLF001

    assert not any(f"{path}/".startswith(f"{place}/") for path in paths)


def test_the_usual_place_is_taken_where_nothing_is_in_it() -> None:
    assert filesystem._mountpoint(("/usr/lib", "/tmpfs")) == "/tmp"  # noqa: SLF001


def test_a_file_that_came_within_a_tick_of_the_clock_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on kernels whose directories know no time between two ticks."""
    scratch = Path(tempfile.mkdtemp(dir="/dev/shm"))  # a tmpfs, as in a box
    monkeypatch.setattr(filesystem, "SCRATCH", str(scratch))
    try:
        before = filesystem.scratch_state()
        (scratch / "left").touch()
        os.utime(scratch, ns=(before[0], before[0]))

        assert filesystem.scratch_state() != before
    finally:
        shutil.rmtree(scratch)
