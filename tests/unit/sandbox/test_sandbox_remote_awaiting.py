"""Coroutines of the tests that the program awaits, as in one process."""

import asyncio
import math
from textwrap import indent
from typing import Any

import pytest

from sandbox_runner.jail.remote.tests_side.findings import Ended
from sandbox_runner.jail.remote.tests_side.looping import Loops
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


_OF_PROGRAM = """
import asyncio, contextvars
log = []
name = contextvars.ContextVar("name", default=None)
async def steps(who, times):
    for k in range(times):
        log.append((who, k))
        await asyncio.sleep(0)
    return who
class Gate:
    def __init__(self): self.lock, self.within, self.most = asyncio.Lock(), 0, 0
    async def __aenter__(self):
        await self.lock.acquire()
        self.within += 1
        self.most = max(self.most, self.within)
    async def __aexit__(self, *error):
        self.within -= 1
        self.lock.release()
class Limiter:
    def __init__(self, n): self.room, self.running, self.most = asyncio.Semaphore(n), 0, 0
    async def run(self, coroutine):
        async with self.room:
            self.running += 1
            self.most = max(self.most, self.running)
            try: return await coroutine
            finally: self.running -= 1
class Channel:
    def __init__(self): self.items = asyncio.Queue()
    async def put(self, item): await self.items.put(item)
    def __aiter__(self): return self
    async def __anext__(self):
        item = await self.items.get()
        if item is None: raise StopAsyncIteration
        return item
class Door:
    def __init__(self): self.opened = asyncio.Event()
    async def wait(self): await self.opened.wait(); return "in"
    def open(self): self.opened.set()
class Service:
    def __init__(self): self.ticks, self.task = 0, None
    async def start(self): self.task = asyncio.create_task(self.run())
    async def run(self):
        while True:
            self.ticks += 1
            await asyncio.sleep(0.002)
    async def stop(self):
        self.task.cancel()
        try: await self.task
        except asyncio.CancelledError: log.append("stopped")
class Debouncer:
    def __init__(self, seconds): self.seconds, self.times, self.task = seconds, 0, None
    def call(self):
        if self.task: self.task.cancel()
        self.task = asyncio.get_running_loop().create_task(self.go())
    async def go(self): await asyncio.sleep(self.seconds); self.times += 1
def later(function): asyncio.get_running_loop().call_later(0.005, function)
async def patient(seconds):
    try: await asyncio.sleep(seconds)
    except asyncio.CancelledError: log.append("cancelled"); raise
    finally: log.append("end")
async def stubborn():
    try: await asyncio.sleep(60)
    except asyncio.CancelledError: await asyncio.sleep(0); return "stayed"
async def gives_up(): raise asyncio.CancelledError
async def called(who): name.set(who); await asyncio.sleep(0.01); return name.get()
async def who(): return name.get()
"""


_SIDE_BY_SIDE = {
    "steps": """
await asyncio.gather(steps("a", 2), steps("b", 2))
assert log == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
""",
    "steps of both": """
async def own():
    for k in range(3):
        log.append(("own", k))
        await asyncio.sleep(0)
await asyncio.gather(steps("a", 3), own())
assert log == [(who, k) for k in range(3) for who in ("a", "own")]
""",
    "tasks": """
made = [asyncio.create_task(steps(each, 2)) for each in "ab"]
assert log == []
assert [await each for each in made] == ["a", "b"]
assert log[2] == ("a", 1)
""",
    "a lock": """
gate, seen = Gate(), []
async def enter(n):
    async with gate:
        await asyncio.sleep(0)
        seen.append(n)
await asyncio.gather(*map(enter, range(3)))
assert seen == [0, 1, 2] and gate.most == 1
""",
    "a semaphore": """
limiter = Limiter(2)
async def job(n):
    await asyncio.sleep(0.01)
    return n
assert await asyncio.gather(*[limiter.run(job(n)) for n in range(4)]) == [0, 1, 2, 3]
assert limiter.most == 2
""",
    "a queue": """
channel, got = Channel(), []
async def take():
    async for each in channel: got.append(each)
async def give():
    for each in (1, 2, None): await channel.put(each); await asyncio.sleep(0)
await asyncio.gather(take(), give())
assert got == [1, 2]
""",
    "an event": """
door = Door()
waiting = asyncio.create_task(door.wait())
await asyncio.sleep(0)
door.open()
assert await waiting == "in"
""",
    "one that is cancelled": """
task = asyncio.create_task(patient(60))
await asyncio.sleep(0.01)
task.cancel()
try: await task
except asyncio.CancelledError: pass
else: assert False
assert task.cancelled() and log == ["cancelled", "end"]
""",
    "one that will not be": """
task = asyncio.create_task(stubborn())
await asyncio.sleep(0)
task.cancel()
assert await task == "stayed"
""",
    "one that is late": """
try: await asyncio.wait_for(patient(60), 0.01)
except asyncio.TimeoutError: pass
else: assert False
assert log == ["cancelled", "end"]
""",
    "a group": """
async with asyncio.TaskGroup() as group: made = [group.create_task(steps(n, n)) for n in (1, 2)]
assert [each.result() for each in made] == [1, 2]
""",
    "a task of its own": """
service = Service()
await service.start()
await asyncio.sleep(0.05)
ticks = service.ticks
await service.stop()
await asyncio.sleep(0.01)
assert ticks >= 3 and service.ticks <= ticks + 1 and log == ["stopped"]
""",
    "a task that a function makes": """
debouncer = Debouncer(0.01)
for _ in range(3): debouncer.call()
await asyncio.sleep(0.1)
assert debouncer.times == 1
""",
    "a call later": """
called = []
later(lambda: called.append(1))
await asyncio.sleep(0.05)
assert called == [1]
""",
    "variables of each": 'assert await asyncio.gather(called("a"), called("b")) == ["a", "b"]',
    "variables of one": 'await called("a")\nassert await who() == "a"',
    "nothing to wait for": """
seen = []
async def job(n): seen.append(n); await who(); seen.append(n)
await asyncio.gather(job(1), job(2))
assert seen == [1, 1, 2, 2]
""",
}


@pytest.mark.parametrize("name", _SIDE_BY_SIDE)
def test_what_the_tests_await_of_the_program_goes_on_side_by_side(name: str) -> None:
    main = indent(_SIDE_BY_SIDE[name], "    ")

    found = check_code(_OF_PROGRAM, f"import asyncio\nasync def main():\n{main}\nasyncio.run(main())\n", None)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


def test_a_coroutine_of_the_program_is_driven_by_hand() -> None:
    source = "made = who()\ntry: made.send(None)\nexcept StopIteration as end: assert end.value is None"

    assert check_code(_OF_PROGRAM, f"{source}\nelse: assert False", None).ended is Ended.PASSED


def test_a_pass_by_what_a_program_cancelled_itself_is_marked() -> None:
    """A group of tasks passes over one that was cancelled, and so over what it looks at."""
    source = (
        "import asyncio\nasync def look(): assert await gives_up() == 4\nasync def main():\n"
        "    async with asyncio.TaskGroup() as group: group.create_task(look())\nasyncio.run(main())\n"
    )

    found = check_code(_OF_PROGRAM, source, None)

    assert (found.ended, found.weak) == (Ended.PASSED, True), found


@pytest.mark.parametrize(
    "main", ["await gives_up()", "await asyncio.gather(gives_up())", "await asyncio.wait_for(gives_up(), 9)"]
)
def test_who_cancels_what_the_tests_await_does_not_choose_to_have_no_verdict(main: str) -> None:
    source = f"import asyncio\nasync def main(): assert {main} == 4\nasyncio.run(main())"

    found = check_code(_OF_PROGRAM, source, None)

    assert (found.ended, found.type) == (Ended.CROSSED, "CancelledError"), found


async def test_a_program_that_is_due_at_no_time_leaves_the_timers_of_the_tests_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop, delays = asyncio.get_running_loop(), []
    call_later = loop.call_later

    def recorded(after_s: float, *what: Any) -> asyncio.TimerHandle:
        delays.append(after_s)
        return call_later(after_s, *what)

    monkeypatch.setattr(loop, "call_later", recorded)
    Loops(lambda: math.nan).go_on()
    await asyncio.sleep(0.01)

    assert len(delays) > 2
    assert not any(map(math.isnan, delays))
