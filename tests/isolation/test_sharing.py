"""Programs of several processes share memory as they would elsewhere, within their box and for one test."""

from dataclasses import replace
from textwrap import indent

import pytest

from sandbox_runner.domain.cases import StdinCase, Submission
from sandbox_runner.domain.verdict import Outcome
from tests.isolation.conftest import LIMITS, Arena
from tests.isolation.speaking import client_of

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]

_SEVERAL = replace(LIMITS, processes=8, cpu_s=4.0, wall_s=15.0, memory_bytes=256 << 20)
_SQUARES = "def square(x): return x * x\n"
_WAYS = {
    "a pool": (
        f"from multiprocessing import Pool\n{_SQUARES}with Pool(2) as pool: print(pool.map(square, range(3)))"
    ),
    "a pool of futures": (
        f"from concurrent.futures import ProcessPoolExecutor as Pool\n{_SQUARES}"
        "with Pool(2) as pool: print(list(pool.map(square, range(3))))"
    ),
    "a lock and a queue": (
        "from multiprocessing import Lock, Process, Queue\nlock, queue = Lock(), Queue()\n"
        "def work():\n    with lock: queue.put([0, 1, 4])\n"
        "child = Process(target=work)\nchild.start()\nprint(queue.get())\nchild.join()"
    ),
    "a segment by name": (
        "from multiprocessing.shared_memory import ShareableList\nmade = ShareableList([0, 1, 4])\n"
        "print(list(ShareableList(name=made.shm.name)))\nmade.shm.close()\nmade.shm.unlink()"
    ),
    "a value and an array": (
        "from multiprocessing import Array, Process, Value\nvalue, array = Value('i', 0), Array('i', 2)\n"
        "def work(): value.value = 4; array[0] = 1\n"
        "child = Process(target=work)\nchild.start()\nchild.join()\nprint([array[1], array[0], value.value])"
    ),
    "a pool of threads": (
        "from multiprocessing.pool import ThreadPool\nprint(ThreadPool(2).map(lambda x: x * x, range(3)))"
    ),
}
_REACHES = {
    "a link to the library": "os.link(os.__file__, '/dev/shm/attack')",
    "a link out of the box": "os.link('/proc/self/environ', '/dev/shm/attack')",
    "more than scratch holds": "open('/dev/shm/attack', 'wb').write(bytes(3 << 20) * 6)",
    "a device": "os.mknod('/dev/shm/attack', 0o20666, 0x103)",
    "a program": (
        "open('/dev/shm/attack', 'w').write('#!/bin/sh')\nos.chmod('/dev/shm/attack', 0o700)\n"
        "os.execv('/dev/shm/attack', ['x'])"
    ),
}


@pytest.mark.parametrize("way", _WAYS)
async def test_processes_share_memory_where_clients_of_sandbox_fusion_may_have_several(
    namespaced: Arena, way: str
) -> None:
    body = {"code": _WAYS[way], "language": "python", "run_timeout": 15}
    async with client_of(namespaced) as client:
        answer = (await client.post("/run_code", json=body)).json()

    assert (answer["status"], answer["run_result"]["stdout"]) == ("Success", "[0, 1, 4]\n"), answer
    await namespaced.assert_unharmed()


@pytest.mark.parametrize("reach", _REACHES)
async def test_shared_memory_reaches_no_further(namespaced: Arena, reach: str) -> None:
    action = indent(_REACHES[reach], "    ")
    code = f"import os\ntry:\n{action}\nexcept OSError: print('no')"

    result = await namespaced.script(code, "no", limits=_SEVERAL)

    assert result.outcome in {Outcome.ACCEPTED, Outcome.OUTPUT_LIMIT}, result
    await namespaced.assert_unharmed()


async def test_a_program_of_one_process_has_no_shared_memory(arena: Arena) -> None:
    code = "import os\ntry: open('/dev/shm/attack', 'w')\nexcept OSError: print('no')"

    assert (await arena.script(code, "no")).outcome is Outcome.ACCEPTED


async def test_what_is_left_in_shared_memory_is_gone_for_the_next_test(namespaced: Arena) -> None:
    code = "import os\nprint(os.listdir('/dev/shm'))\nopen('/dev/shm/attack', 'w').write('x')"

    verdict = await namespaced.sandbox.judge.judge(Submission(code, (StdinCase("", "[]"),) * 3, _SEVERAL))

    assert [test.outcome for test in verdict.tests] == [Outcome.ACCEPTED] * 3, verdict


_CHILD = "import os\nchild = os.fork()\nif child == 0: {0}\nos.waitpid(child, 0)\n"


@pytest.mark.parametrize("ending", ["raise ValueError", "import nothing_of_that_name", "1 / 0"])
async def test_a_child_that_raises_fails_no_program_that_goes_on(namespaced: Arena, ending: str) -> None:
    result = await namespaced.script(f"{_CHILD.format(ending)}print(4)", "4", limits=_SEVERAL)

    assert result.outcome is Outcome.ACCEPTED, result
    assert "Traceback" in result.stderr


@pytest.mark.parametrize("ending", ["raise ValueError", "return 5", "return x + 1"])
async def test_a_child_has_no_say_in_what_a_function_returns(namespaced: Arena, ending: str) -> None:
    code = f"def f(x):\n{indent(_CHILD.format(ending), '    ')}    return x + 1\n"

    assert (await namespaced.call(code, limits=_SEVERAL)).outcome is Outcome.ACCEPTED
    assert (await namespaced.call(code, limits=_SEVERAL, expected=5)).outcome is Outcome.WRONG_ANSWER
