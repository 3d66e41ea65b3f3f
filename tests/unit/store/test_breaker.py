"""A store that does not answer is left alone, and tried again by itself."""

import pytest

from service.adapters.store.breaker import Breaker
from service.domain.errors import StoreError
from tests.clock import Clock


def _broken(clock: Clock) -> Breaker:
    breaker = Breaker("redis", failures=3, pause_s=1.0, clock=clock)
    for _ in range(3):
        breaker.check()
        breaker.failed()
    return breaker


def test_some_failures_in_a_row_open_it_and_the_refusal_names_the_store() -> None:
    breaker = _broken(Clock())

    with pytest.raises(StoreError, match="redis"):
        breaker.check()


def test_a_success_between_failures_keeps_it_closed() -> None:
    breaker = Breaker("redis", failures=2)

    for _ in range(5):
        breaker.failed()
        breaker.succeeded()

    breaker.check()


def test_after_the_pause_one_call_may_try_and_the_others_wait_for_it() -> None:
    clock = Clock()
    breaker = _broken(clock)
    clock.now += 1.1

    breaker.check()
    with pytest.raises(StoreError):
        breaker.check()


def test_a_try_that_succeeds_closes_it_and_one_that_fails_starts_the_pause_again() -> None:
    clock = Clock()
    breaker = _broken(clock)
    clock.now += 1.1
    breaker.check()
    breaker.failed()
    with pytest.raises(StoreError):
        breaker.check()

    clock.now += 1.1
    breaker.check()
    breaker.succeeded()

    breaker.check()
    breaker.check()
