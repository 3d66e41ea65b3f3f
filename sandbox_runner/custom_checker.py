"""A checker that the caller wrote: what it is given, and what its answer means.

It runs in a jail of its own, which the judged program never enters. So the expectation may be there.
Not covered: a checker that evaluates the output as code hands its verdict to the judged program.
"""

import json
from dataclasses import replace

from sandbox_runner.classify import Judgement
from sandbox_runner.domain import differences, explain
from sandbox_runner.domain.cases import Program, StdinCase
from sandbox_runner.domain.checkers.checker import CustomChecker
from sandbox_runner.domain.verdict import Limits, Outcome, TestResult

LIMITS = Limits(cpu_s=10.0, wall_s=30.0, memory_bytes=1 << 30, output_bytes=64 << 10, processes=1)

_VERDICTS = {
    str(outcome): outcome for outcome in (Outcome.ACCEPTED, Outcome.WRONG_ANSWER, Outcome.PRESENTATION_ERROR)
}


def program(checker: CustomChecker, case: StdinCase, stdout: str) -> Program:
    """The run of a checker on one output: one JSON object on its standard input."""
    given = json.dumps({"input": case.stdin, "expected": case.stdout, "output": stdout})
    return Program(checker.code, given, LIMITS, checker.language, checker.packages)


def judged(run: TestResult, checked: TestResult, case: StdinCase) -> TestResult:
    """The result of a program that ended well, as the checker's run decides."""
    decided = judgement(checked)
    wrong = decided.outcome in {Outcome.WRONG_ANSWER, Outcome.PRESENTATION_ERROR}
    difference = differences.of_output(case.stdout, run.stdout) if wrong else None
    return replace(run, outcome=decided.outcome, message=decided.message, difference=difference)


def judgement(result: TestResult) -> Judgement:
    """The first word that it printed, and the rest as a message. Anything else is the checker's failure."""
    if result.outcome is not Outcome.ACCEPTED:
        reason = f"{result.outcome}: {result.message}" if result.message else str(result.outcome)
        return _failed(reason)
    line = result.stdout.strip().partition("\n")[0].rstrip()
    word, *message = line.split(maxsplit=1) or [""]
    if word not in _VERDICTS:
        return _failed(f"it printed {word[:40]!r}, not one of {', '.join(_VERDICTS)}")
    return Judgement(_VERDICTS[word], explain.printable("".join(message)))


def _failed(reason: str) -> Judgement:
    return Judgement(Outcome.INTERNAL_ERROR, explain.printable(f"the checker failed: {reason}"))
