"""One desk for all calls of a process: other trainers call a function by its name, again and again."""

import atexit
from functools import cache

from training.rewards.desk import RewardDesk
from training.rewards.parts import Parts


@cache
def standing_desk(parts: Parts) -> RewardDesk:
    """Open a desk that stays open until the process ends: its memory and its bound hold for all calls.

    Raises what keeps generator and sandbox from opening; then the next call tries again.
    """
    desk = RewardDesk(parts.opened, parts.concurrency).__enter__()
    atexit.register(desk.__exit__, None, None, None)
    return desk
