"""Threads of a program that ask the tests something: at any time, in turn, and once their call is over."""

import time

import pytest

from sandbox_runner.jail.remote.tests_side.findings import Ended
from tests.unit.sandbox.two_sides import check_code

_PROGRAM = """
import threading, time
def f(x): return x + 1
def later(s, g, *a): threading.Timer(s, g, a).start()
def debounce(s):
    def decorate(function):
        timers = []
        def wrapper(*args):
            for each in timers: each.cancel()
            timers.append(threading.Timer(s, function, args))
            timers[-1].start()
        return wrapper
    return decorate
def storm(g, threads, times):
    def run():
        for _ in range(times): g(1)
    for _ in range(threads): threading.Thread(target=run, daemon=True).start()
def endless(g):
    def run():
        while True: g(1)
    threading.Thread(target=run, daemon=True).start()
def joined(g):
    threads = [threading.Thread(target=g, args=(n,)) for n in range(5)]
    for each in threads: each.start()
    for each in threads: each.join()
"""


@pytest.mark.parametrize(
    "source",
    [
        "later(0.01, seen.append, 1)\ntime.sleep(0.1)\nassert f(1) == 2 and f(2) == 3 and seen == [1]",
        "later(0.01, seen.append, 1)\ntime.sleep(0.1)\nassert seen == [1]",
        "last = debounce(0.05)(seen.append)\nfor n in range(3): last(n)\ntime.sleep(0.3)\nassert seen == [2]",
        "storm(seen.append, 5, 20)\nfor n in range(200): assert f(n) == n + 1\nassert seen == [1] * 100",
        "endless(seen.append)\nfor n in range(50): assert f(n) == n + 1\nassert set(seen) == {1}",
        "joined(seen.append)\nassert sorted(seen) == [0, 1, 2, 3, 4]",
        "joined(lambda n: seen.append(f(n)))\nassert sorted(seen) == [1, 2, 3, 4, 5]",
        "storm(lambda n: seen.append(f(n)), 3, 5)\nfor n in range(60): f(n)\nassert seen == [2] * 15",
    ],
)
def test_threads_of_the_program_ask_in_turn_and_after_their_call(source: str) -> None:
    found = check_code(_PROGRAM, f"import time\nseen = []\n{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


@pytest.mark.parametrize(
    "source",
    [
        "endless(seen.append)\nfor n in range(50): assert f(n) == n",
        "later(0.01, seen.append, 1)\ntime.sleep(0.1)\nassert seen == []",
        "later(0.01, seen.append, 1)\nassert f(1) == 2\ntime.sleep(0.1)\nassert f(1) == 3",
    ],
)
def test_nor_do_they_answer_for_it(source: str) -> None:
    assert check_code(_PROGRAM, f"import time\nseen = []\n{source}").ended is Ended.FAILED


def test_nothing_is_asked_once_the_tests_have_ended() -> None:
    found = check_code(_PROGRAM, "f(1)\nendless(f)\nassert f(1) == 2")
    time.sleep(0.01)

    assert found.ended is Ended.PASSED


def test_to_sleep_is_not_to_ask_the_program() -> None:
    program = "import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True).start()"

    assert check_code(f"{program}\ndef f(x): pass", "import time\ntime.sleep(0)").ended is Ended.TEST_FAULT
