"""Where two texts or two values first differ, for people and critics."""

from collections.abc import Callable, Iterator
from itertools import zip_longest

_KEY_LIMIT = 80

Same = Callable[[object, object], bool]


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


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return at
    return min(len(one), len(other))
