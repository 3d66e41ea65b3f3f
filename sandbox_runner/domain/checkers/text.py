"""Comparisons of text: from every byte to every word."""

from collections.abc import Iterator

from sandbox_runner.domain.checkers.checker import accepted_if
from sandbox_runner.domain.checkers.reading import lines, same, words
from sandbox_runner.domain.verdict import Outcome


def exact(expected: bytes, printed: bytes) -> Outcome:
    """Every byte counts."""
    return accepted_if(expected == printed)


def standard(expected: bytes, printed: bytes) -> Outcome:
    """White space that ends a line or the output does not count; elsewhere it is a presentation error."""
    if same(_trimmed(expected), _trimmed(printed)):
        return Outcome.ACCEPTED
    return _misplaced_space_or_wrong(expected, printed)


def each_line(expected: bytes, printed: bytes) -> Outcome:
    """Every byte of every line counts; how lines end and how many empty ones end the output does not."""
    if same(_unended(expected), _unended(printed)):
        return Outcome.ACCEPTED
    return _misplaced_space_or_wrong(expected, printed)


def tokens(expected: bytes, printed: bytes) -> Outcome:
    """Words count, the white space between them does not."""
    return accepted_if(same(words(expected), words(printed)))


def case_insensitive(expected: bytes, printed: bytes) -> Outcome:
    """Like `standard`, and the letters A to Z equal a to z."""
    return standard(expected.lower(), printed.lower())


def _trimmed(output: bytes) -> Iterator[bytes]:
    return (line.rstrip() for line in lines(output.rstrip()))


def _unended(output: bytes) -> Iterator[bytes]:
    return (line.removesuffix(b"\r") for line in lines(output.rstrip(b"\r\n")))


def _misplaced_space_or_wrong(expected: bytes, printed: bytes) -> Outcome:
    same_words = same(words(expected), words(printed))
    return Outcome.PRESENTATION_ERROR if same_words else Outcome.WRONG_ANSWER
