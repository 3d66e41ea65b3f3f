"""Walk through a long output piece by piece: a list of all its words would take fifty times its size."""

import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest

_PIECE_BYTES = 256 << 10
_SPACE = re.compile(rb"\s")
_LINE_END = re.compile(rb"\n")


def words(output: bytes, piece_bytes: int = _PIECE_BYTES) -> Iterator[bytes]:
    """The parts between white space, which is that of ASCII."""
    for piece in _pieces(output, _SPACE, piece_bytes):
        yield from piece.split()


def lines(output: bytes, piece_bytes: int = _PIECE_BYTES) -> Iterator[bytes]:
    """The parts between newlines; a newline at the very end starts no further line."""
    for piece in _pieces(output, _LINE_END, piece_bytes):
        yield from piece.removesuffix(b"\n").split(b"\n")


def same(expected: Iterable[bytes], printed: Iterable[bytes]) -> bool:
    """Whether both give the same parts, and as many."""
    return all(one == other for one, other in zip_longest(expected, printed))


def _pieces(output: bytes, separator: re.Pattern[bytes], piece_bytes: int) -> Iterator[bytes]:
    """Cut behind a separator, so that no word or line is torn."""
    start = 0
    while start < len(output):
        end = separator.search(output, start + piece_bytes)
        stop = end.end() if end else len(output)
        yield output[start:stop]
        start = stop
