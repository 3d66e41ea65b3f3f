"""Where two texts or two values first differ, for people and critics."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from sandbox_runner.domain import explain

_KEY_LIMIT = 80

Same = Callable[[object, object], bool]


@dataclass(frozen=True, slots=True)
class Difference:
    """A place, in bounded words: the answer itself may be long, and is not kept for it."""

    at: str
    expected: str = ""
    actual: str = ""
    """The parts of two texts around the place, one line each."""

    @property
    def characters(self) -> int:
        return len(self.at) + len(self.expected) + len(self.actual)


def of_output(expected: str, printed: str) -> Difference | None:
    place = in_text(expected, printed)
    if place is None:
        return None
    shown = (explain.one_line(text, _offset(text, *place)) for text in (expected, printed))
    return Difference(f"line {place[0]}, column {place[1]}", *shown)


def of_value(expected: object, returned: object, same: Same) -> Difference:
    return Difference(explain.one_line(in_values(expected, returned, same)))


def in_text(expected: str, printed: str) -> tuple[int, int] | None:
    """Line and column of the first difference, from 1; white space that ends a line counts last."""
    for strip in (str.rstrip, str):
        pairs = zip_longest(_lines(expected, strip), _lines(printed, strip))
        for number, (wanted, found) in enumerate(pairs, 1):
            if wanted != found:
                return number, _common(wanted or "", found or "") + 1
    return None


def in_values(expected: object, returned: object, same: Same) -> str:
    """The way to the first difference, such as `[2]['a']`; empty where the values differ as a whole."""
    if isinstance(expected, list | tuple) and isinstance(returned, list | tuple):
        return _in_items(list(expected), list(returned), same)
    if isinstance(expected, dict) and isinstance(returned, dict):
        return _in_members(expected, returned, same)
    return ""


def _in_items(expected: list[object], returned: list[object], same: Same) -> str:
    for index, (wanted, found) in enumerate(zip(expected, returned, strict=False)):
        if not same(wanted, found):
            return f"[{index}]{in_values(wanted, found, same)}"
    shorter = min(len(expected), len(returned))
    return f"[{shorter}]" if len(expected) != len(returned) else ""


def _in_members(expected: dict[object, object], returned: dict[object, object], same: Same) -> str:
    for key in [*expected, *returned]:
        if key not in expected or key not in returned:
            return _member(key)
        if not same(expected[key], returned[key]):
            return _member(key) + in_values(expected[key], returned[key], same)
    return ""


def _member(key: object) -> str:
    try:
        return f"[{repr(key)[:_KEY_LIMIT]}]"
    except ValueError:  # an integer too long for decimal digits
        return "[<a very large integer>]"


def _lines(text: str, strip: Callable[[str], str]) -> Iterator[str]:
    """One line at a time: a list of all would take many times the text's size."""
    text, start = strip(text), 0
    while (end := text.find("\n", start)) >= 0:
        yield strip(text[start:end])
        start = end + 1
    yield strip(text[start:])


def _offset(text: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1 or len(text) + 1
    return min(start + column - 1, len(text))


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return at
    return min(len(one), len(other))
