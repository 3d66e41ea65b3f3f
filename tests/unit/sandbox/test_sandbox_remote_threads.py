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


_WAITING = """
import queue, threading
def fill(q, n):
    for k in range(n): q.put(k)
def drain(q):
    got = []
    while not q.empty(): got.append(q.get()); q.task_done()
    return got
def until_none(q):
    got = []
    while (item := q.get()) is not None: got.append(item)
    return got
def patient(q):
    try: return q.get(timeout=0.05)
    except queue.Empty: return "empty"
def full(q):
    try: q.put(1, block=False)
    except queue.Full: return "full"
def count(lock, held):
    def add():
        for _ in range(5):
            with lock: held["n"] += 1
    threads = [threading.Thread(target=add) for _ in range(3)]
    for each in threads: each.start()
    for each in threads: each.join()
def signal(event): event.set(); return event.is_set(), event.wait(0.1)
def try_it(lock): return lock.acquire(blocking=False), lock.acquire(timeout=0.02), lock.locked()
def same(x): return x
"""


@pytest.mark.parametrize(
    "source",
    [
        "q = queue.Queue()\nfill(q, 3)\nassert q.qsize() == 3 and drain(q) == [0, 1, 2]\nq.join()",
        "q = queue.Queue(1)\nq.put(0)\nassert full(q) == 'full' and patient(queue.Queue()) == 'empty'",
        "q = queue.PriorityQueue()\nfor k in (3, 1, 2): q.put(k)\nassert drain(q) == [1, 2, 3]",
        (
            "from unittest.mock import patch\nwith patch('time.sleep') as sleep:\n"
            "    assert patient(queue.Queue()) == 'empty'\nsleep.assert_not_called()"
        ),
        "q = queue.SimpleQueue()\nfill(q, 2)\nassert patient(q) == 0 and q.get() == 1",
        "held = {'n': 0}\ncount(threading.Lock(), held)\nassert held == {'n': 15}",
        "e = threading.Event()\nassert signal(e) == (True, True) and same(e) is e",
        "lock = threading.Lock()\nassert try_it(lock) == (True, False, True) and lock.locked()",
        (
            "q, got = queue.Queue(), []\n"
            "t = threading.Thread(target=lambda: got.extend(until_none(q)))\nt.start()\n"
            "for item in (1, 2, None): q.put(item)\nt.join()\nassert got == [1, 2]"
        ),
    ],
)
def test_a_program_uses_queues_locks_and_events_of_the_tests(source: str) -> None:
    found = check_code(_WAITING, f"import queue, threading\n{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


def test_it_gets_no_further_by_one() -> None:
    program = "def f(q):\n    try: return q.mutex, q.queue\n    except AttributeError: return q.maxsize"

    assert check_code(program, "import queue\nassert f(queue.Queue(5)) == 5").ended is Ended.PASSED
