import time
from pathlib import Path

import pytest

from training.stopwatch import Stopwatch


def written(path: Path) -> float:
    return float(path.read_text(encoding="utf-8"))


def test_a_stage_that_failed_goes_on_counting(tmp_path: Path) -> None:
    path = tmp_path / "sft.seconds"
    path.write_text("1000.0", encoding="utf-8")

    with pytest.raises(OSError, match="disk full"), Stopwatch(path):
        raise OSError("disk full")

    assert written(path) >= 1000.0
    assert Stopwatch(path).seconds >= written(path)


def test_seconds_are_written_down_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "sft.seconds"
    path.write_text("1000.0", encoding="utf-8")
    with Stopwatch(path, every_s=0.001):
        while written(path) == 1000.0:
            time.sleep(0.001)


def test_a_first_invocation_counts_from_nothing(tmp_path: Path) -> None:
    assert Stopwatch(tmp_path / "sft.seconds").seconds < 1000.0
