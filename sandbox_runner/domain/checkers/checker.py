"""What a checker is: a comparison of ours with its options bound, or a program of the caller's."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox_runner.domain.verdict import Outcome

Comparison = Callable[[bytes, bytes], Outcome]


@dataclass(frozen=True, slots=True)
class Checker:
    """A comparison that runs here, on bytes alone."""

    name: str
    compare: Comparison

    def __call__(self, expected: bytes, printed: bytes) -> Outcome:
        # Equal bytes satisfy every comparison, and are the common case of long outputs.
        return Outcome.ACCEPTED if expected == printed else self.compare(expected, printed)


@dataclass(frozen=True, slots=True)
class CustomChecker:
    """A program that is told input, expectation and output; it runs in a jail of its own."""

    code: str
    language: str = "python"
    packages: str = "stdlib"
    name: str = "custom"


def accepted_if(equal: bool) -> Outcome:
    return Outcome.ACCEPTED if equal else Outcome.WRONG_ANSWER
