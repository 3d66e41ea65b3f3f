"""Long outputs over HTTP: two megabytes that are right are accepted, and come back whole where asked."""

import threading
from collections import Counter

import pytest

from sandbox_runner.domain.cases import StdinCase, Submission
from sandbox_runner.domain.checkers import Checker, CustomChecker
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


_CHECKER = CustomChecker(
    "import json, sys\ntold = json.load(sys.stdin)\n"
    "print('accepted' if told['output'] == told['expected'] else 'wrong_answer not so')"
)


async def test_a_custom_checker_decides_and_each_test_is_counted_once(arena: Arena) -> None:
    code = "given = input()\nif given == 'x': raise ValueError\nprint(given)"
    cases = tuple(StdinCase(given, wanted) for given, wanted in (("4", "4\n"), ("4", "5\n"), ("x", "")))
    before = _counted(arena)

    verdict = await arena.sandbox.judge.judge(Submission(code, cases, LIMITS, checker=_CHECKER))

    outcomes = [test.outcome for test in verdict.tests]
    assert outcomes == [Outcome.ACCEPTED, Outcome.WRONG_ANSWER, Outcome.RUNTIME_ERROR]
    assert verdict.tests[1].message == "not so"
    assert _counted(arena) - before == Counter(outcomes)


@pytest.mark.parametrize("end", ["", "\nraise ValueError"])
async def test_a_custom_checker_is_told_all_and_the_answer_shows_the_beginning(
    arena: Arena, end: str
) -> None:
    printed = "é" * 100_000
    code = f"import sys\nprint({printed!r}, end='')\nprint('x' * 100_000, file=sys.stderr){end}"
    submission = Submission(code, (StdinCase("", printed),), LIMITS, checker=_CHECKER)

    (result,) = (await arena.sandbox.judge.judge(submission)).tests

    assert result.outcome is (Outcome.RUNTIME_ERROR if end else Outcome.ACCEPTED)
    assert result.stdout == printed[: 32 << 10]
    assert (len(result.stderr), result.truncated) == (64 << 10, True)


def _counted(arena: Arena) -> Counter[Outcome]:
    metrics = arena.sandbox.metrics
    labels = {"lang": "python", "tier": str(metrics.tier)}
    values = {
        outcome: metrics.registry.get_sample_value("ctrl_runs_total", {"verdict": str(outcome), **labels})
        for outcome in Outcome
    }
    return Counter({outcome: int(value or 0) for outcome, value in values.items()})
