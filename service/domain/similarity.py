"""How much of a program a revision kept.

Every revision is measured, on the event loop. So programs are read as tokens and only their variables are
asked of the parser: to rename in a tree, write that out and compare with difflib took seven times as long.
"""

import re
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from service.domain.syntax import variables

LIMIT = 20_000
"""Longest sequence compared: time grows with its square, a sixty-fourth of it a step."""

_SHORT = 4096
"""Longest program whose tokens are kept, in characters."""

_WORD = re.compile(r"\w+|[^\w\s]")

# White space goes with what follows it, and words come first: strings were tried at every space and letter.
# A string without an end takes all that is left: nothing is read twice.
_TOKEN = re.compile(
    r"""
    \s*+ (
      \w++ (?!["'])
    | [^\w\s\#"']
    | \#[^\n]*
    | [A-Za-z]{0,2} (?: "{3} (?: [^"\\]++ | \\. | "(?!"") )*+ (?: "{3} )?
                      | '{3} (?: [^'\\]++ | \\. | '(?!'') )*+ (?: '{3} )?
                      | "    (?: [^"\\\n]++ | \\.       )*+ "?
                      | '    (?: [^'\\\n]++ | \\.       )*+ '? )
    | \w+
    )
    """,
    re.DOTALL | re.VERBOSE,
)
_FORMATTED = re.compile(r"(?i:f|fr|rf)['\"]")
_FIELD = re.compile(r"\{[^{}]*\}")
_NAME = re.compile(r"(?<!\.)\b[^\W\d]\w*")


def edit_similarity(before: str, after: str) -> float:
    """Return the share in [0, 1] that two programs have in common, whatever their variables are called.

    Twice the longest common subsequence of their tokens, over the tokens of both; comments and layout aside.
    """
    first, second = _units(before, after)
    if first == second:
        return 1.0
    return 2 * _common(first, second) / (len(first) + len(second))


def _units(before: str, after: str) -> tuple[Sequence[object], Sequence[object]]:
    """Split into tokens; into lines, cut, where there are too many tokens."""
    first, second = _tokens(before), _tokens(after)
    if max(len(first), len(second)) <= LIMIT:
        return first, second
    return before.splitlines()[:LIMIT], after.splitlines()[:LIMIT]


def _tokens(code: str) -> Sequence[int]:
    """Return the hashes of the code's tokens: a seventh of their memory."""
    # A revision is the next one's original, for as many refinements as may be at work at once.
    return _remembered(code) if len(code) <= _SHORT else _hashed(code)


def _hashed(code: str) -> Sequence[int]:
    return array("q", map(hash, tokens(code)))


_remembered = lru_cache(maxsize=2048)(_hashed)


def tokens(code: str) -> list[str]:
    """Return the tokens of a program, with its variables numbered; the words of what is not Python."""
    names = variables(code)
    if names is None:
        return _WORD.findall(code)
    # White space that nothing follows would be tried from each of its places.
    return _renamed(_TOKEN.findall(code.rstrip()), names)


def _renamed(written: Iterable[str], names: Collection[str]) -> list[str]:
    """Leave comments out and number variables as they appear; an attribute of the same name is none."""
    # No `defaultdict`: its function would hold it in turn, and cycles are what the collector has to look for.
    numbers: dict[str, str] = {}

    def numbered(name: str) -> str:
        return numbers.get(name) or numbers.setdefault(name, f"${len(numbers)}")

    def renamed(word: re.Match[str]) -> str:
        return numbered(word[0]) if word[0] in names else word[0]

    told: list[str] = []
    before = ""
    for token in written:
        begins = token[0]
        if begins == "#":
            continue
        if token in names and before != ".":
            told.append(numbered(token))
        elif begins in "fFrR" and _FORMATTED.match(token):
            told.append(_FIELD.sub(lambda field: _NAME.sub(renamed, field[0]), token))
        else:
            told.append(token)
        before = token
    return told


def _common(first: Sequence[object], second: Sequence[object]) -> int:
    """Return the length of a longest common subsequence.

    A row of the table is one integer, a bit a place of `first`; a bit is 0 where the length grows
    (H. Hyyrö, Bit-parallel LCS-length computation revisited, 2004).
    """
    places: defaultdict[object, int] = defaultdict(int)
    for place, unit in enumerate(first):
        places[unit] |= 1 << place
    everywhere = (1 << len(first)) - 1
    row = everywhere
    for unit in second:
        matches = row & places.get(unit, 0)
        row = (row + matches | row - matches) & everywhere
    return len(first) - row.bit_count()
