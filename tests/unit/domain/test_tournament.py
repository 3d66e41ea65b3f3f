"""Who meets whom."""

from collections.abc import Sequence
from itertools import combinations

import pytest

from service.domain.tournament import ALL_PAIRS, Pair, hold, standings, swiss_round


async def _decided(pairs: Sequence[Pair]) -> list[float | None]:
    """The greater number wins."""
    return [float(first > second) for first, second in pairs]


@pytest.mark.parametrize("entrants", [0, 1, 2, 3, ALL_PAIRS])
async def test_in_a_small_field_each_meets_each_once(entrants: int) -> None:
    assert set(await hold(entrants, _decided)) == set(combinations(range(entrants), 2))


@pytest.mark.parametrize("entrants", [17, 18, 33, 50, 64])
async def test_in_a_large_field_nobody_meets_the_same_twice_and_the_best_wins(entrants: int) -> None:
    met = await hold(entrants, _decided)

    assert len(met) <= 6 * entrants // 2 + 1
    assert standings(entrants, met, 6)[0] == entrants - 1


def test_neighbours_in_the_standings_meet() -> None:
    assert swiss_round([3, 1, 2, 0], {}) == [(1, 3), (0, 2)]


def test_who_has_met_does_not_meet_again() -> None:
    assert swiss_round([0, 1, 2, 3], {(0, 1): 1.0}) == [(0, 2), (1, 3)]


def test_who_has_met_everyone_sits_out() -> None:
    assert swiss_round([0, 1, 2], {(0, 1): 1.0, (0, 2): 1.0}) == [(1, 2)]


def test_a_meeting_that_cannot_be_told_is_half_a_point_to_each_in_the_standings() -> None:
    assert standings(3, {(0, 1): 0.0, (0, 2): None, (1, 2): 1.0}, 2) == [1, 0, 2]


def test_sitting_a_round_out_is_a_point() -> None:
    assert standings(3, {(0, 1): 0.5}, 1) == [2, 0, 1]
