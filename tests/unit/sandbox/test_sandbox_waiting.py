"""The clock of a program that tests ask, as its box reads it."""

import os
import time

import pytest

from sandbox_runner.jail.waiting import WaitingClock, waited_s


def test_it_runs_while_the_tests_wait_and_adds_up() -> None:
    descriptor = os.memfd_create("clock")
    clock = WaitingClock(descriptor)

    assert waited_s(descriptor) == 0  # nothing was asked yet
    for expected in (0.02, 0.04):
        with clock:
            time.sleep(0.02)
            assert waited_s(descriptor) >= expected
        stood = waited_s(descriptor)
        time.sleep(0.02)
        assert waited_s(descriptor) == pytest.approx(stood)
    os.close(descriptor)
