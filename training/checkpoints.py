"""Which checkpoint a killed training goes on from."""

import shutil
from pathlib import Path

from transformers.trainer_callback import TrainerState
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from training.settings import Launch

_STATE = "trainer_state.json"
"""What transformers writes last: a checkpoint without it was cut off by a kill."""


def last_checkpoint(folder: Path) -> str | None:
    """The newest whole checkpoint in a folder, None where there is none; rank 0 removes unfinished ones."""
    found = sorted(
        (path for path in folder.glob(f"{PREFIX_CHECKPOINT_DIR}-*") if _step(path) is not None),
        key=lambda path: _step(path) or 0,
        reverse=True,
    )
    for path in found:
        if _is_whole(path):
            return str(path)
        if Launch().is_first:
            shutil.rmtree(path)
    return None


def _step(path: Path) -> int | None:
    number = path.name.removeprefix(f"{PREFIX_CHECKPOINT_DIR}-")
    return int(number) if number.isdecimal() and path.is_dir() else None


def _is_whole(path: Path) -> bool:
    try:
        TrainerState.load_from_json(str(path / _STATE))
    except (OSError, ValueError, TypeError):
        return False
    return True
