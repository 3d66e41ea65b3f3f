from pathlib import Path

import pytest

from training.data.rows import data_files


@pytest.mark.parametrize("suffix", ["arrow", "parquet"])
def test_what_describes_columnar_files_is_no_data(tmp_path: Path, suffix: str) -> None:
    for name in ("dataset_info.json", f"data-00000-of-00001.{suffix}", "state.json"):
        (tmp_path / name).touch()

    assert [path.name for path in data_files(tmp_path, "tasks.path")] == [f"data-00000-of-00001.{suffix}"]


def test_json_alone_is_data(tmp_path: Path) -> None:
    (tmp_path / "problems.json").touch()

    assert data_files(tmp_path, "tasks.path") == [tmp_path / "problems.json"]
