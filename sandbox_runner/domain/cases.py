"""What a submission is judged on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox_runner.domain.checkers import CHECKERS, DEFAULT_CHECKER, Checker, CustomChecker
from sandbox_runner.domain.comparison import Equality, Tolerance
from sandbox_runner.domain.verdict import Limits
from sandbox_runner.jail.views import View

DEFAULT_LANGUAGE = "python"
DEFAULT_PACKAGES = "stdlib"


@dataclass(frozen=True, slots=True)
class StdinCase:
    stdin: str
    stdout: str


@dataclass(frozen=True, slots=True)
class CallCase:
    entry_point: str
    args: tuple[object, ...]
    kwargs: dict[str, object]
    expected: object
    equality: Equality
    views: tuple[View, ...] = ()
    """What is looked at in the returned value, the innermost view first."""
    tolerance: Tolerance | None = None

    @property
    def asks_truth(self) -> bool:
        return self.equality is Equality.TRUTH


@dataclass(frozen=True, slots=True)
class CodeCase:
    """Test code that no call stands for: it runs in a jail of its own, with the program behind a socket."""

    source: str
    entry_point: str | None = None


@dataclass(frozen=True, slots=True)
class PytestCase:
    """Test files by name; they import the program as `solution`, or by one of `names`."""

    files: Mapping[str, str]
    names: tuple[str, ...] = ("solution",)


RemoteCase = CodeCase | PytestCase
"""Cases of two jails."""
Case = StdinCase | CallCase | RemoteCase


@dataclass(frozen=True, slots=True)
class Submission:
    code: str
    cases: tuple[Case, ...]
    limits: Limits
    stop_on_first_fail: bool = False
    checker: Checker | CustomChecker = CHECKERS[DEFAULT_CHECKER]
    language: str = DEFAULT_LANGUAGE
    packages: str = DEFAULT_PACKAGES
    public: tuple[bool, ...] = ()
    """Which cases may be shown to whoever wrote the program; none that is not named."""


@dataclass(frozen=True, slots=True)
class Program:
    """One run without a judgement."""

    code: str
    stdin: str
    limits: Limits
    language: str = DEFAULT_LANGUAGE
    packages: str = DEFAULT_PACKAGES
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Files that stand in the working directory, by relative path."""
    fetch: tuple[str, ...] = ()
    """Relative paths of files to bring back."""
