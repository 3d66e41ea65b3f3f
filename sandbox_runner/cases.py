"""What a submission is judged on."""

from dataclasses import dataclass, field

from sandbox_runner.checkers import DEFAULT_CHECKER
from sandbox_runner.comparison import Equality
from sandbox_runner.verdict import Limits


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


Case = StdinCase | CallCase


@dataclass(frozen=True, slots=True)
class Submission:
    code: str
    cases: tuple[Case, ...]
    limits: Limits
    stop_on_first_fail: bool = False
    checker: str = field(default=DEFAULT_CHECKER)


@dataclass(frozen=True, slots=True)
class Program:
    """One run without a judgement."""

    code: str
    stdin: str
    limits: Limits
