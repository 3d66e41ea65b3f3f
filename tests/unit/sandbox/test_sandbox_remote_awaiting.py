"""Coroutines of the tests that the program awaits, as in one process."""

import pytest

from sandbox_runner.jail.remote.tests_side.findings import Ended
from tests.unit.sandbox.two_sides import check_code

_ASYNC = """
import asyncio, functools, inspect
async def retry(make, times):
    for left in range(times, 0, -1):
        try: return await make()
        except ValueError:
            if left == 1: raise
async def both(*coroutines): return await asyncio.gather(*coroutines)
async def limited(coroutine, seconds):
    try: return await asyncio.wait_for(coroutine, seconds)
    except asyncio.TimeoutError: return "late"
async def slowly(make, seconds):
    await asyncio.sleep(seconds)
    return await make(seconds)
async def in_tasks(makes):
    tasks = [asyncio.create_task(make()) for make in makes]
    return [await task for task in tasks]
def timed(function):
    @functools.wraps(function)
    async def wrapper(*args): wrapper.calls += 1; return await function(*args)
    wrapper.calls = 0
    return wrapper if inspect.iscoroutinefunction(function) else function
def same(x): return x
"""
_ASKING = """
import asyncio, time
calls = []
async def work(x=7, left=0):
    calls.append(x)
    await asyncio.sleep(0)
    if len(calls) < left: raise ValueError("again")
    return x
async def soon(seconds): return seconds
async def nap(seconds):
    try: await asyncio.sleep(seconds)
    except asyncio.CancelledError: calls.append("cancelled"); raise
    return seconds
"""


@pytest.mark.parametrize(
    "source",
    [
        "assert asyncio.run(retry(lambda: work(7, 3), 5)) == 7 and len(calls) == 3",
        "async def main(): return await both(work(1), work(2))\nassert asyncio.run(main()) == [1, 2]",
        "assert asyncio.run(limited(nap(9), 0.05)) == 'late' and calls == ['cancelled']",
        "assert asyncio.run(limited(nap(0.01), 5)) == 0.01 and asyncio.run(in_tasks([work, work])) == [7, 7]",
        "began = time.time()\nasyncio.run(both(*map(nap, [0.2] * 5)))\nassert time.time() - began < 0.7",
        (
            "@timed\nasync def f(x): return x + 1\n"
            "assert asyncio.run(f(1)) == 2 and f.calls == 1 and f.__name__ == 'f'\n"
            "class K:\n    k = 3\n    @timed\n    async def m(self, x): return x + self.k\n"
            "assert asyncio.run(K().m(1)) == 4"
        ),
        (
            "from unittest.mock import patch\nwith patch('asyncio.sleep') as sleep:\n"
            "    assert asyncio.run(slowly(soon, 3)) == 3\n    sleep.assert_awaited_once_with(3)"
        ),
        "async def more(): return await retry(work, 1)\nassert asyncio.run(both(more(), work(2))) == [7, 2]",
        "c = work(3)\nassert same(c) is c and asyncio.run(c) == 3 and same(work) is work",
    ],
)
def test_the_program_awaits_coroutines_of_the_tests(source: str) -> None:
    found = check_code(_ASYNC, f"{_ASKING}{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


@pytest.mark.parametrize(
    ("source", "ended"),
    [
        ("assert asyncio.run(retry(lambda: work(7, 9), 2)) == 7", Ended.CROSSED),
        ("assert asyncio.run(both(work(1), work(2))) == [1, 3]", Ended.FAILED),
        ("async def check(x): assert x == 4\nasyncio.run(retry(lambda: check(3), 1))", Ended.CROSSED),
    ],
)
def test_what_they_raise_or_return_is_told(source: str, ended: Ended) -> None:
    assert check_code(_ASYNC, f"{_ASKING}{source}").ended is ended
