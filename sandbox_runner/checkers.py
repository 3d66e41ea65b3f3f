"""Compare what a program printed with what was expected: bytes in, outcome out."""

from collections.abc import Callable

from sandbox_runner.verdict import Outcome

Checker = Callable[[bytes, bytes], Outcome]

DEFAULT_CHECKER = "standard"


def identical(expected: bytes, printed: bytes) -> Outcome:
    """Every byte counts."""
    return Outcome.ACCEPTED if expected == printed else Outcome.WRONG_ANSWER


def standard(expected: bytes, printed: bytes) -> Outcome:
    """White space that ends a line or the output does not count; elsewhere it is a presentation error."""
    if _trimmed(expected) == _trimmed(printed):
        return Outcome.ACCEPTED
    same_words = expected.split() == printed.split()
    return Outcome.PRESENTATION_ERROR if same_words else Outcome.WRONG_ANSWER


def _trimmed(output: bytes) -> list[bytes]:
    return [line.rstrip() for line in output.rstrip().split(b"\n")]


CHECKERS: dict[str, Checker] = {DEFAULT_CHECKER: standard, "identical": identical}
