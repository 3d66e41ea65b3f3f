"""Tests that are asserts end as they end in CPython: rewritten into calls, and in a jail of their own."""

from dataclasses import replace

import pytest

from sandbox_runner.domain.asserts import UnsupportedAssertError, rewrite_all
from sandbox_runner.domain.cases import Case, CodeCase, Submission
from sandbox_runner.domain.verdict import Limits, Outcome
from tests.isolation.conftest import Arena
from tests.isolation.corpus.assertions import VALUES
from tests.isolation.corpus.pretenders import PRETENDERS
from tests.isolation.corpus.problems import PROBLEMS
from tests.isolation.one_process import ending_well

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]

_LIMITS = Limits(cpu_s=4.0, wall_s=20.0, memory_bytes=512 << 20, output_bytes=4 << 20, processes=1)
_FAILED = {Outcome.WRONG_ANSWER, Outcome.RUNTIME_ERROR, Outcome.NO_RESULT}
_HOSTILE = replace(_LIMITS, cpu_s=1.0, memory_bytes=128 << 20)
_REFUSED = _FAILED | {Outcome.TIME_LIMIT, Outcome.MEMORY_LIMIT}
_CORPUS = VALUES | PROBLEMS


@pytest.fixture(scope="module")
def in_cpython() -> dict[str, bool]:
    """Whether each program passes its tests in one process of the interpreter."""
    found = ending_well(_CORPUS)
    assert len(found) / 3 < sum(found.values()) < len(found) * 4 / 5  # a corpus of right and wrong programs
    return found


@pytest.mark.parametrize(
    "arena", [True], ids=["strongest"], indirect=True
)  # walls do not change what is right
@pytest.mark.parametrize("name", _CORPUS)
async def test_asserts_end_as_in_cpython(arena: Arena, in_cpython: dict[str, bool], name: str) -> None:
    program, tests = _CORPUS[name]
    for cases in _ways(tests):
        verdict = await arena.sandbox.judge.judge(Submission(program, cases, _LIMITS))

        assert (verdict.outcome is Outcome.ACCEPTED) == in_cpython[name], verdict
        assert verdict.outcome in {Outcome.ACCEPTED, *_FAILED}, verdict


@pytest.mark.parametrize("name", PRETENDERS)
async def test_a_value_that_pretends_passes_no_assert(arena: Arena, name: str) -> None:
    program, tests = PRETENDERS[name]
    for cases in _ways(tests):
        verdict = await arena.sandbox.judge.judge(Submission(program, cases, _HOSTILE))

        assert verdict.outcome in _REFUSED, verdict
    await arena.assert_unharmed()


def _ways(tests: str) -> list[tuple[Case, ...]]:
    two_jails: tuple[Case, ...] = (CodeCase(tests, "f"),)
    try:
        return [two_jails, tuple(rewrite_all(tests, "f"))]
    except UnsupportedAssertError:
        return [two_jails]
