"""Requests that come when they come."""

import itertools
import time

import pytest

from benchmarks.arrivals import at_random, evenly, stays


def test_both_ways_to_send_have_the_rate_that_was_asked_for() -> None:
    spread = list(evenly(50.0, 1_000))
    random = list(at_random(50.0, 100_000))

    assert spread[0] == random[0] == 0.0
    assert spread[-1] == pytest.approx(999 / 50)
    assert random[-1] == pytest.approx(100_000 / 50, rel=0.05)
    assert {round(later - earlier, 9) for earlier, later in itertools.pairwise(spread)} == {0.02}


async def test_what_is_sent_too_late_counts_from_when_it_was_due() -> None:
    held_up_s = 0.05
    held_up = iter([True, False])

    async def ask() -> None:
        if next(held_up):
            time.sleep(held_up_s)  # noqa: ASYNC251 - so that nothing is sent meanwhile

    first, second = await stays(ask, [0.0, 0.001])

    assert second.came == pytest.approx(first.came + 0.001)
    assert second.took >= held_up_s - 0.001
