"""While the tests sleep, threads of the program that wait for a turn to ask have one."""

import time
from collections.abc import Callable
from typing import Any

_sleep = time.sleep


def give_after_sleep(give: Callable[[], object]) -> None:
    """Have the tests' `time.sleep` give a turn to threads of the program that have waited for one."""

    def sleep(seconds: Any, /) -> None:
        _sleep(seconds)
        give()

    time.sleep = sleep


def give_no_more() -> None:
    """Have it only sleep again."""
    time.sleep = _sleep
