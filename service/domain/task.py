"""A programming task, its tests, and a candidate program for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class StdinTest:
    """Run the program with `stdin`; it must print `stdout`."""

    stdin: str
    stdout: str


@dataclass(frozen=True, slots=True)
class CallTest:
    """Call the entry point; it must return `expected`."""

    args: tuple[object, ...]
    expected: object
    kwargs: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class AssertTest:
    """Run one assert statement that speaks of the entry point."""

    source: str


Test = StdinTest | CallTest | AssertTest


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for.

    `entry_point` names the function under test; None means a program that reads stdin.
    `tests` are the caller's public tests: run only when the caller asks for them.
    """

    problem: str
    entry_point: str | None = None
    tests: tuple[Test, ...] = ()
    language: str = "python"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A program proposed for a task. `completion` is the raw text it was taken from."""

    code: str
    completion: str = ""
