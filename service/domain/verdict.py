"""What the sandbox concluded about a candidate."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

_LEFT_OUT = "output left out: the programs of this request wrote too much; send fewer at once"


class Outcome(StrEnum):
    """How a test, or a whole judging, ended. Only `INTERNAL_ERROR` blames the sandbox."""

    ACCEPTED = "accepted"
    WRONG_ANSWER = "wrong_answer"
    PRESENTATION_ERROR = "presentation_error"
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    RUNTIME_ERROR = "runtime_error"
    COMPILE_ERROR = "compile_error"
    FORBIDDEN_SYSCALL = "forbidden_syscall"
    NO_RESULT = "no_result"
    CANCELLED = "cancelled"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True)
class TestRun:
    """One test's evidence. `actual` is what the candidate printed or returned, as text."""

    outcome: Outcome
    actual: str = ""
    stdout: str = ""
    stderr: str = ""
    message: str = ""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome and evidence. `runs` follow the task's tests and may stop at the first failure."""

    outcome: Outcome
    passed: int
    total: int
    runs: tuple[TestRun, ...] = ()
    integrity: str = "strong"
    tier: str = ""

    @property
    def accepted(self) -> bool:
        return self.outcome is Outcome.ACCEPTED

    @property
    def characters(self) -> int:
        """How much of what the candidate wrote it holds."""
        return sum(len(run.actual) + len(run.stdout) + len(run.stderr) for run in self.runs)

    def without_outputs(self) -> Self:
        """The verdict less what the candidate wrote."""
        return replace(self, runs=tuple(map(_silent, self.runs)))


def _silent(run: TestRun) -> TestRun:
    return replace(run, actual="", stdout="", stderr="", message=f"{run.message}\n{_LEFT_OUT}".strip())
