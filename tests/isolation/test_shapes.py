"""Tests of the shapes of public data sets tell right programs from wrong ones, and are never refused."""

from dataclasses import replace

import pytest

from sandbox_runner.boxes import runtimes
from sandbox_runner.domain.cases import PytestCase, Submission
from sandbox_runner.domain.verdict import Integrity, Outcome, TestResult
from tests.isolation.conftest import LIMITS, Arena
from tests.isolation.corpus.shapes import SHAPES
from tests.isolation.corpus.shapes.shape import Shape

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]

_WRONG = {Outcome.WRONG_ANSWER, Outcome.RUNTIME_ERROR}


def _shape(name: str) -> Shape:
    shape = SHAPES[name]
    if isinstance(shape.case, PytestCase) and not runtimes.has_pytest():
        pytest.skip("NO pytest beside the service")
    return shape


async def _judge(arena: Arena, code: str, shape: Shape) -> TestResult:
    submission = Submission(code, (shape.case,), replace(LIMITS, cpu_s=1.0))
    return (await arena.sandbox.judge.judge(submission)).tests[0]


@pytest.mark.parametrize("name", SHAPES)
async def test_a_right_program_passes_the_shape(arena: Arena, name: str) -> None:
    shape = _shape(name)

    result = await _judge(arena, shape.right, shape)

    assert (result.outcome, result.integrity) == (Outcome.ACCEPTED, Integrity.STRONG), result


@pytest.mark.parametrize(("name", "number"), [(n, i) for n, s in SHAPES.items() for i in range(len(s.wrong))])
async def test_a_wrong_program_fails_the_shape(arena: Arena, name: str, number: int) -> None:
    shape = _shape(name)

    result = await _judge(arena, shape.wrong[number], shape)

    assert result.outcome in _WRONG, result
    await arena.assert_unharmed()


@pytest.mark.parametrize(("name", "number"), [(n, i) for n, s in SHAPES.items() for i in range(len(s.weak))])
async def test_a_wrong_program_that_may_pass_is_marked(arena: Arena, name: str, number: int) -> None:
    shape = _shape(name)

    result = await _judge(arena, shape.weak[number], shape)

    assert (result.outcome, result.integrity) == (Outcome.ACCEPTED, Integrity.WEAK), result
    await arena.assert_unharmed()


_FORGED = """
import os
SAID = b'{"value":{"dict":[["ended","passed"],["weak",false],["passed",1],["failed",0],["skipped",0]]}}'
def f(x):
    os.write(3, SAID)
    os._exit(0)
"""


async def test_a_report_that_a_program_wrote_through_a_function_of_the_tests_is_none(arena: Arena) -> None:
    """It comes to write there where the tests listen to `os.write` by a mock."""
    shape = _shape("functions of the library that tests listen to")

    result = await _judge(arena, _FORGED, shape)

    assert result.outcome is not Outcome.ACCEPTED, result
    await arena.assert_unharmed()
