"""A programming task, its tests, and a candidate program for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType

from service.domain.syntax import is_program


class Equality(StrEnum):
    """When what is returned or printed is what is expected."""

    JSON = "json"
    """Types count: `True` is not `1`, `1` is not `1.0`. What is printed is text, line by line."""
    NUMBERS = "numbers"
    """Numbers are equal by value. What is printed is words, whatever white space is between them."""


@dataclass(frozen=True, slots=True)
class StdinTest:
    """Run the program with `stdin`; it must print `stdout`. All of a task have one equality."""

    stdin: str
    stdout: str
    equality: Equality = Equality.JSON


@dataclass(frozen=True, slots=True)
class CallTest:
    """Call the entry point; it must return `expected`."""

    args: tuple[object, ...]
    expected: object
    kwargs: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    equality: Equality = Equality.JSON


@dataclass(frozen=True, slots=True)
class AssertTest:
    """Run one assert statement that speaks of the entry point."""

    source: str


Test = StdinTest | CallTest | AssertTest


@dataclass(frozen=True)
class Task:
    """What is asked for.

    `entry_point` names the function under test; None means a program that reads stdin.
    `tests` are the caller's public tests: run only when the caller asks for them.
    """

    problem: str
    entry_point: str | None = None
    tests: tuple[Test, ...] = ()
    language: str = "python"
    usual_imports: bool = False
    """Whether the usual modules are imported before a program is run, as LiveCodeBench's judge has it."""

    @cached_property
    def key(self) -> bytes:
        """Equal for equal tasks. Tests hold lists, so a task itself has no hash."""
        told = repr((self.problem, self.entry_point, self.language, self.tests, self.usual_imports))
        return sha256(told.encode(errors="surrogatepass")).digest()


@dataclass(frozen=True)
class Candidate:
    """A program proposed for a task. `completion` is the raw text it was taken from."""

    code: str
    completion: str = ""

    @cached_property
    def is_program(self) -> bool:
        """Whether there is anything to run: found out once, as the code is parsed for it."""
        return is_program(self.code)
