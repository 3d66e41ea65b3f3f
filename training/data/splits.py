"""Which split a problem belongs to and in which order problems are taken: by hash, never by row."""

import hashlib

from training.config import TasksConfig
from training.tasks.mini import Split


def split_of(task_id: str, config: TasksConfig) -> Split:
    """The split of an id: the same in every run, whatever its seed and whatever else the set holds."""
    share = _share(task_id)
    if share < config.test_share:
        return Split.TEST
    return Split.VALIDATION if share < config.test_share + config.validation_share else Split.TRAIN


def rank(task_id: str, seed: int) -> float:
    """Where a problem comes in a run's order: sets are sorted by origin, and stages take the first ones."""
    return _share(f"{seed}:{task_id}")


def _share(text: str) -> float:
    return int(hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:13], 16) / 16**13
