"""When an endpoint is left alone, for how long, and how many repetitions there are: counted, without one."""

import pytest

from service.adapters.openai.breaker import Breaker, Ending
from service.adapters.openai.budget import RetryBudget
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _opened(breaker: Breaker) -> Breaker:
    for _ in range(5):
        breaker.end(breaker.begin(), Ending.FAILED)
    return breaker


def test_after_first_words_one_failure_is_enough_and_the_pause_is_doubled(clock: Clock) -> None:
    breaker = _opened(Breaker(clock))
    clock.now += 1
    trial = breaker.begin()

    breaker.hear(trial)
    heard = breaker.wait_s
    breaker.end(trial, Ending.FAILED)

    assert (heard, breaker.wait_s) == (0.0, 2.0)


def test_a_pause_is_never_longer_than_the_longest(clock: Clock) -> None:
    breaker = _opened(Breaker(clock, first_pause_s=1.0, longest_pause_s=3.0))

    pauses = []
    for _ in range(3):
        clock.now += breaker.wait_s
        breaker.end(breaker.begin(), Ending.FAILED)
        pauses.append(breaker.wait_s)

    assert pauses == [2.0, 3.0, 3.0]


def test_an_endpoint_that_was_well_again_is_left_alone_briefly_at_first(clock: Clock) -> None:
    breaker = _opened(Breaker(clock))
    clock.now += 1
    trial = breaker.begin()
    breaker.hear(trial)
    breaker.end(trial, Ending.SUCCEEDED)

    while not breaker.is_open:
        breaker.end(breaker.begin(), Ending.FAILED)

    assert breaker.wait_s == 1.0


def test_first_words_from_before_the_breaker_opened_change_nothing(clock: Clock) -> None:
    breaker = Breaker(clock)
    slow = breaker.begin()
    for _ in range(5):
        breaker.end(breaker.begin(), Ending.FAILED)

    breaker.hear(slow)

    assert breaker.is_open


def test_an_endpoint_that_fails_every_other_time_is_left_alone(clock: Clock) -> None:
    breaker = Breaker(clock)
    calls = 0
    while not breaker.is_open and calls < 100:
        calls += 1
        breaker.end(breaker.begin(), Ending.FAILED if calls % 2 else Ending.SUCCEEDED)

    assert calls < 50


def test_an_endpoint_that_fails_one_time_in_six_is_called_on(clock: Clock) -> None:
    breaker = Breaker(clock)
    for call in range(600):
        breaker.end(breaker.begin(), Ending.SUCCEEDED if call % 6 else Ending.FAILED)
        assert not breaker.is_open


def test_an_end_from_before_the_breaker_opened_neither_closes_nor_prolongs_it(clock: Clock) -> None:
    breaker = Breaker(clock)
    slow = breaker.begin()
    for _ in range(5):
        breaker.end(breaker.begin(), Ending.FAILED)

    breaker.end(slow, Ending.SUCCEEDED)
    assert breaker.is_open
    breaker.end(slow, Ending.FAILED)
    assert breaker.wait_s == 1.0


def test_one_call_may_try_in_each_pause_and_one_given_up_makes_room(clock: Clock) -> None:
    breaker = _opened(Breaker(clock))
    clock.now += 1
    trial = breaker.begin()

    assert breaker.wait_s == 1.0
    breaker.end(trial, Ending.UNTOLD)
    assert breaker.wait_s == 0.0


def test_a_budget_refills_by_calls_and_by_time(clock: Clock) -> None:
    budget = RetryBudget(share=0.25, a_second=0.5, most=2, clock=clock)
    assert [budget.take() for _ in range(3)] == [True, True, False]

    for _ in range(4):
        budget.earn()
    assert [budget.take(), budget.take()] == [True, False]

    clock.now += 2
    assert [budget.take(), budget.take()] == [True, False]

    clock.now += 1000
    assert [budget.take() for _ in range(3)] == [True, True, False]
