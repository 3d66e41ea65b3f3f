"""Phrases that several tools' answers share."""

from service.api.refinement import VerdictOut
from service.domain.critique import Judgment
from service.domain.verdict import Outcome

PROBLEM = "What the program must do: the task's full text, with its limits and examples."
ENTRY_POINT = "Name of the function under test, such as solve. Leave out for a program that reads stdin."
TESTS = (
    'Tests of your own: {"stdin", "stdout"} for programs, {"args", "kwargs", "expected"} for functions '
    '(entry_point needed), or {"assert": "assert f(3) == 4"}.'
)
CRITIC = "A configured critic; leave out for the default."


def judged(judgment: Judgment | None, score: float | None) -> str:
    """Say a judgment, with how probable the critic holds the program to be correct."""
    if judgment is None:
        return "not judged"
    return f"judged {judgment}" + ("" if score is None else f" ({score:.2f})")


def tested(verdict: VerdictOut | None) -> str | None:
    """Say how the tests went; None where there were none."""
    return None if verdict is None else passed(verdict.outcome, verdict.passed, verdict.total)


def passed(outcome: Outcome, passed: int, total: int) -> str:
    """Say how many tests pass, and how the first failed."""
    ending = "" if outcome is Outcome.ACCEPTED else f", {outcome.replace('_', ' ')}"
    return f"tests {passed}/{total} passed{ending}"


def joined(*lines: str | None) -> str:
    """Put lines and paragraphs together, without those that say nothing."""
    return "\n".join(line for line in lines if line)
