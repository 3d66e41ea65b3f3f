"""Long outputs over HTTP: two megabytes that are right are accepted, and come back whole where asked."""

import threading

import pytest

from sandbox_runner.domain.cases import StdinCase, Submission
from sandbox_runner.domain.checkers import Checker
from sandbox_runner.domain.verdict import Outcome
from tests.isolation.conftest import LIMITS, Arena
from tests.isolation.speaking import client_of

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]

_LINES = 200_000
_CODE = f"for n in range({_LINES}): print(f'{{n:09}}')"
_OUTPUT = "".join(f"{n:09}\n" for n in range(_LINES))


async def test_two_megabytes_are_judged(arena: Arena) -> None:
    tests = [{"stdin": "", "stdout": _OUTPUT}, {"stdin": "", "stdout": f"{_OUTPUT}1\n"}]
    async with client_of(arena) as client:
        answer = await client.post("/judge", json={"code": _CODE, "tests": tests})

    assert [test["outcome"] for test in answer.json()["verdict"]["tests"]] == ["accepted", "wrong_answer"]
    await arena.assert_unharmed()


async def test_a_long_output_is_compared_where_it_holds_nobody_up(arena: Arena) -> None:
    threads: list[threading.Thread] = []

    def compare(expected: bytes, printed: bytes) -> Outcome:
        threads.append(threading.current_thread())
        return Outcome.ACCEPTED

    for letters in (10, 100_000):
        case, checker = StdinCase("", "other"), Checker("watched", compare)
        await arena.sandbox.judge.judge(
            Submission(f"print('x' * {letters})", (case,), LIMITS, checker=checker)
        )

    assert [thread is threading.main_thread() for thread in threads] == [True, False]


async def test_two_megabytes_are_run(arena: Arena) -> None:
    async with client_of(arena) as client:
        own = (await client.post("/run", json={"code": _CODE})).json()
        fusion = (await client.post("/run_code", json={"code": _CODE, "language": "python"})).json()

    assert (own["outcome"], own["stdout"] == _OUTPUT) == ("accepted", True)
    assert (fusion["status"], fusion["run_result"]["stdout"] == _OUTPUT) == ("Success", True)
    await arena.assert_unharmed()


async def test_two_megabytes_of_input_are_read(arena: Arena) -> None:
    code = "import sys\nprint(sum(map(int, sys.stdin)))"
    test = {"stdin": _OUTPUT, "stdout": str(sum(range(_LINES)))}
    async with client_of(arena) as client:
        answer = await client.post("/judge", json={"code": code, "tests": [test]})

    assert answer.json()["verdict"]["outcome"] == "accepted"
