"""What the sandbox says of a program. One that fails, hangs or explodes is one of these, never an error."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox_runner.domain.differences import Difference
from sandbox_runner.jail.limits import Limits

__all__ = ["Difference", "Integrity", "Limits", "Outcome", "ProgramError", "TestResult", "Tier", "Verdict"]


class Outcome(StrEnum):
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
    INVALID_TEST = "invalid_test"
    """The test cannot judge any program. It says nothing of this one, and trying again will not help."""
    CANCELLED = "cancelled"
    INTERNAL_ERROR = "internal_error"


class Integrity(StrEnum):
    STRONG = "strong"
    """No expected output entered the jail."""
    WEAK = "weak"
    """The program shared a process with its judge, or its word decided a comparison."""


class Tier(StrEnum):
    """How strong the walls are, as the self-test saw them. Later members are stronger."""

    T0 = "T0"
    """None that can be trusted."""
    T1 = "T1"
    """Landlock, seccomp and limits, no child processes."""
    T2 = "T2"
    """T1 and namespaces of its own."""
    T3 = "T3"
    """T2 and a memory cgroup."""
    T4 = "T4"
    """T1 or more, in a kernel of its own: gVisor's, or that of a virtual machine made for this service."""


@dataclass(frozen=True, slots=True)
class ProgramError:
    """The exception that ended a program, and the last line of the program that was running."""

    type: str
    text: str = ""
    line: int | None = None
    source: str = ""

    @property
    def characters(self) -> int:
        return len(self.type) + len(self.text) + len(self.source)


@dataclass(frozen=True, slots=True)
class TestResult:
    __test__ = False  # not a test of ours

    outcome: Outcome
    stdout: str = ""
    stderr: str = ""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    memory_bytes: int = 0
    message: str = ""
    returned: str | None = None
    exit_code: int | None = None
    limit: str | None = None
    """Which time ran out: `cpu`, `wall`, or `idle` when the wall clock stopped a program that hardly ran."""
    signal: str | None = None
    """The signal that ended a program with a runtime error, such as `SIGSEGV`."""
    integrity: Integrity = Integrity.STRONG
    error: ProgramError | None = None
    difference: Difference | None = None
    """Where the answer first differs from the expectation, if it is one that can differ in a place."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What `Program.fetch` named and the run left as a regular file."""
    raw_stdout: bytes | None = None
    """The output as it was, where it is no UTF-8 and `stdout` had to replace bytes."""
    truncated: bool = False
    """A stream was longer than what is kept of it."""
    fork_s: float = 0.0

    @property
    def characters(self) -> int:
        """The size of what is kept of a test: texts and bytes."""
        texts = (self.stdout, self.stderr, self.message, self.returned or "", self.raw_stdout or b"")
        details = sum(detail.characters for detail in (self.error, self.difference) if detail is not None)
        return sum(map(len, texts)) + details + sum(map(len, self.files.values()))


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    passed: int
    total: int
    tests: tuple[TestResult, ...]

    @property
    def integrity(self) -> Integrity:
        """Weak if that of any test is."""
        weak = any(test.integrity is Integrity.WEAK for test in self.tests)
        return Integrity.WEAK if weak else Integrity.STRONG

    @classmethod
    def of(cls, tests: list[TestResult], total: int) -> "Verdict":
        failed = [test.outcome for test in tests if test.outcome is not Outcome.ACCEPTED]
        return cls(failed[0] if failed else Outcome.ACCEPTED, len(tests) - len(failed), total, tuple(tests))
