"""The verdict on a program that this world wrote itself, without a sandbox.

Only for corpus programs, which come out of our own tables; whatever a model wrote goes to the sandbox.
"""

from dataclasses import replace

from service.domain.task import CallTest, StdinTest, Test
from service.domain.verdict import Outcome, TestRun, Verdict
from training.tasks.mini import HIDDEN_TESTS, PUBLIC_TESTS, Problem
from training.tasks.pipeline import parse_lines

_GARBLED = Verdict(
    Outcome.COMPILE_ERROR,
    0,
    PUBLIC_TESTS + HIDDEN_TESTS,
    (TestRun(Outcome.COMPILE_ERROR, message="SyntaxError: invalid syntax"),),
)


def simulate(problem: Problem, code: str) -> Verdict:
    """Judge `code` on all tests of the problem, public first."""
    steps = parse_lines(problem.reference.shape, code)
    known = [step for step in steps if step is not None]
    if len(known) < len(steps):
        return _GARBLED
    compute = replace(problem.reference, steps=tuple(known)).compute()
    tests = zip(problem.judged_task.tests, problem.inputs, strict=True)
    runs = tuple(_run(test, compute(value)) for test, value in tests)
    passed = sum(run.outcome is Outcome.ACCEPTED for run in runs)
    outcome = Outcome.ACCEPTED if passed == len(runs) else Outcome.WRONG_ANSWER
    return Verdict(outcome, passed, len(runs), runs)


def _run(test: Test, result: object) -> TestRun:
    if isinstance(test, StdinTest):
        right, actual = test.stdout == f"{result}\n", f"{result}\n"
    else:
        assert isinstance(test, CallTest)
        right, actual = test.expected == result and type(test.expected) is type(result), repr(result)
    return TestRun(Outcome.ACCEPTED if right else Outcome.WRONG_ANSWER, actual=actual)
