"""Compare parts in any order, as many times each.

`unordered` and `sorted` are one comparison with the defaults that DMOJ gives those names: words, and lines.
Neither wants the output itself to be sorted.
"""

import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from hashlib import blake2b

from sandbox_runner.domain.checkers import reading
from sandbox_runner.domain.checkers.checker import accepted_if
from sandbox_runner.domain.verdict import Outcome

_SPACES = re.compile(rb"\s+")


class Part(StrEnum):
    TOKENS = "tokens"
    LINES = "lines"
    """The words of a line stay in order. Empty lines and the amount of white space do not count."""


def unordered(expected: bytes, printed: bytes, part: Part) -> Outcome:
    parts = _PARTS[part]
    key = secrets.token_bytes(16)
    return accepted_if(_fingerprint(parts(expected), key) == _fingerprint(parts(printed), key))


def _fingerprint(parts: Iterable[bytes], key: bytes) -> int:
    """A sum that does not depend on the order; the secret key keeps a program from meeting it by design."""
    total = 0
    for part in parts:
        total += int.from_bytes(blake2b(part, key=key, digest_size=16).digest())
    return total


def _filled_lines(output: bytes) -> Iterator[bytes]:
    stripped = (line.strip() for line in reading.lines(output))
    return (_SPACES.sub(b" ", line) for line in stripped if line)


_PARTS: dict[Part, Callable[[bytes], Iterable[bytes]]] = {
    Part.TOKENS: reading.words,
    Part.LINES: _filled_lines,
}
