"""The clock of a program that tests ask, as its box reads it."""

import os
import struct
import threading
import time

import pytest

from sandbox_runner.jail.waiting import WaitingClock, waited_s, wall_s


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


def test_one_that_changes_without_end_is_read_all_the_same() -> None:
    """Test code may write to it as it likes, and whoever reads it has others to look after."""
    descriptor = os.open("/dev/urandom", os.O_RDONLY)
    reader = threading.Thread(target=waited_s, args=(descriptor,), daemon=True)
    reader.start()
    reader.join(20)
    os.close(descriptor)

    assert not reader.is_alive()


@pytest.mark.parametrize("forged", ["nan", "-inf", "inf", "-5", "1e308"])
def test_nobody_waited_for_less_than_nothing_or_longer_than_it_ran(forged: str) -> None:
    descriptor = os.memfd_create("clock")
    os.write(descriptor, struct.pack("<dd", float(forged), 0.0))
    told = wall_s(time.monotonic() - 7, descriptor)
    os.close(descriptor)

    assert 0 <= told < 100
