from pathlib import Path

import pytest
from transformers.trainer_callback import TrainerState

from training.checkpoints import last_checkpoint


def checkpoint(folder: Path, step: int, state: str | None) -> Path:
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    if state is not None:
        (path / "trainer_state.json").write_text(state, encoding="utf-8")
    return path


def whole(folder: Path, step: int) -> Path:
    path = checkpoint(folder, step, None)
    TrainerState(global_step=step).save_to_json(str(path / "trainer_state.json"))
    return path


@pytest.mark.parametrize("state", [None, "", '{"global_st'])
def test_a_checkpoint_cut_off_by_a_kill_is_removed_and_the_one_before_it_taken(
    tmp_path: Path, state: str | None
) -> None:
    before, torn = whole(tmp_path, 50), checkpoint(tmp_path, 100, state)

    assert last_checkpoint(tmp_path) == str(before)
    assert not torn.exists()


def test_the_newest_is_the_one_of_the_most_steps(tmp_path: Path) -> None:
    for step in (5, 100, 20):
        whole(tmp_path, step)

    assert last_checkpoint(tmp_path) == str(tmp_path / "checkpoint-100")


def test_a_training_that_saved_nothing_begins_at_its_beginning(tmp_path: Path) -> None:
    assert last_checkpoint(tmp_path / "nowhere") is None
    checkpoint(tmp_path, 50, None)

    assert last_checkpoint(tmp_path) is None


def test_another_rank_passes_over_what_the_first_removes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    before, torn = whole(tmp_path, 50), checkpoint(tmp_path, 100, None)

    assert last_checkpoint(tmp_path) == str(before)
    assert torn.exists()
