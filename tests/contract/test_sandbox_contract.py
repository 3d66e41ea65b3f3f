"""The gateway's sandbox client against the real sandbox: the two never import each other, they meet here."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from service.adapters.sandbox import HttpSandbox, Patience, http_sandbox
from service.domain.errors import RequestError
from service.domain.task import AssertTest, CallTest, Candidate, Equality, StdinTest, Task, Test
from service.domain.verdict import Outcome
from tests.contract.sandbox_server import real_sandbox_server

pytestmark = pytest.mark.isolation


@asynccontextmanager
async def _real_sandbox() -> AsyncGenerator[HttpSandbox, None]:
    async with real_sandbox_server() as url, http_sandbox(url) as client:
        yield client


CALL = CallTest((3,), 4)
BY_VALUE = CallTest((3,), 4, equality=Equality.NUMBERS)
PRINTED_BY_VALUE = StdinTest("", "0.5 a\n", equality=Equality.NUMBERS)


CASES: list[tuple[str, tuple[Test, ...], Outcome, str | None]] = [
    ("def f(x): return x + 1", (CALL, CallTest((), 1, {"x": 0})), Outcome.ACCEPTED, "4"),
    ("def f(x): return x", (CALL,), Outcome.WRONG_ANSWER, "3"),
    ("def f(x): return x + 1.0", (CALL,), Outcome.WRONG_ANSWER, "4.0"),
    ("def f(x): return x + 1.0", (BY_VALUE,), Outcome.ACCEPTED, "4.0"),
    ("def f(x): return '\\ud800'", (CALL,), Outcome.WRONG_ANSWER, None),
    ("def f(x): return x + 1", (AssertTest("assert f(3) == 4"),), Outcome.ACCEPTED, "4"),
    ("print(int(input()) + 1)", (StdinTest("3\n", "4\n"),), Outcome.ACCEPTED, "4\n"),
    ("print(5)", (StdinTest("3\n", "4\n"),), Outcome.WRONG_ANSWER, "5\n"),
    ("print('0.50 a')", (StdinTest("", "0.5 a\n"),), Outcome.WRONG_ANSWER, "0.50 a\n"),
    ("print('0.50 a')", (PRINTED_BY_VALUE,), Outcome.ACCEPTED, "0.50 a\n"),
    ("print('0.50 b')", (PRINTED_BY_VALUE,), Outcome.WRONG_ANSWER, "0.50 b\n"),
    ("print('0.5000001 a')", (PRINTED_BY_VALUE,), Outcome.WRONG_ANSWER, "0.5000001 a\n"),
    ("def f(x): raise ValueError('no')", (CALL,), Outcome.RUNTIME_ERROR, None),
    ("def f(x:", (CALL,), Outcome.COMPILE_ERROR, None),
]


async def test_verdicts_cross_the_wire() -> None:
    async with _real_sandbox() as sandbox:
        await sandbox.ping()
        for code, tests, outcome, actual in CASES:
            entry_point = None if isinstance(tests[0], StdinTest) else "f"
            verdict = await sandbox.judge(Task("p", entry_point, tests), Candidate(code))

            assert (code, verdict.outcome) == (code, outcome)
            assert verdict.total == len(tests)
            if actual is not None:
                assert (code, verdict.runs[0].actual) == (code, actual)


LEETCODE = """class Solution:
    def merge(self, xs: List[int]) -> Counter:
        heapify(xs)
        return {x: math.gcd(x, 4) for x in sorted(xs)}"""


@pytest.mark.parametrize(
    ("usual", "code", "outcome"),
    [
        (True, LEETCODE, Outcome.ACCEPTED),
        (False, LEETCODE, Outcome.RUNTIME_ERROR),
        (True, f"from __future__ import annotations\nfrom math import *\n{LEETCODE}", Outcome.RUNTIME_ERROR),
    ],
)
async def test_a_program_may_be_written_against_a_judge_that_imports(
    usual: bool, code: str, outcome: Outcome
) -> None:
    tests = (CallTest(([6, 2],), {"2": 2, "6": 2}),)
    async with _real_sandbox() as sandbox:
        verdict = await sandbox.judge(Task("p", "merge", tests, usual_imports=usual), Candidate(code))

    assert verdict.outcome == outcome


async def test_a_program_that_hangs_in_each_test_is_beyond_its_limit_however_many_there_are() -> None:
    impatient = Patience(timeout_s=1.0)
    async with real_sandbox_server() as url, http_sandbox(url, patience=impatient) as sandbox:
        verdict = await sandbox.judge(
            Task("p", "f", (CALL,) * 3), Candidate("def f(x):\n    while True: pass"), cpu_s=1.0
        )

    assert [run.outcome for run in verdict.runs] == [Outcome.TIME_LIMIT] * 3
    assert all(1.0 <= run.cpu_s < 2.0 for run in verdict.runs)


async def test_a_test_that_can_judge_no_program_names_its_field() -> None:
    async with _real_sandbox() as sandbox:
        with pytest.raises(RequestError) as refused:
            await sandbox.judge(
                Task("p", "f", (AssertTest("assert 1 == 1"),)), Candidate("def f(x): return x")
            )

    assert refused.value.field.startswith("tests.0")


async def test_runs_cross_the_wire() -> None:
    async with _real_sandbox() as sandbox:
        good = await sandbox.run("print(input()[::-1])", stdin="abc\n")
        bad = await sandbox.run("import sys; print('so far'); sys.exit(3)")
        with pytest.raises(RequestError, match="python") as refused:
            await sandbox.run("10 PRINT 1", language="basic")

    assert (good.outcome, good.exit_code, good.stdout) == (Outcome.ACCEPTED, 0, "cba\n")
    assert (bad.outcome, bad.exit_code, bad.stdout) == (Outcome.RUNTIME_ERROR, 3, "so far\n")
    assert good.tier.startswith("T")
    assert refused.value.field == "language"


async def test_a_program_that_writes_much_in_each_of_its_tests_is_judged_all_the_same() -> None:
    """Or it could choose to have no verdict, which a trainer is told as no reward at all."""
    talks = "import sys\nfor out in (sys.stdout, sys.stderr): out.write('\\x01' * 65_536)"
    async with _real_sandbox() as sandbox:
        verdict = await sandbox.judge(Task("p", None, (StdinTest("", "4"),) * 50), Candidate(talks))

    assert (verdict.outcome, verdict.total) == (Outcome.WRONG_ANSWER, 50)
    assert verdict.runs[0].stdout == "\x01" * 65_536
    assert "left out" in verdict.runs[-1].message
