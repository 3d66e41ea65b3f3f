"""What an assert looks at in a returned value: its length, its items in order, and so on.

It is taken of the value where it is, as Python would, whatever the value is and however long: what leaves the
jail is data either way, and the program still does not know with what it is compared.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sandbox_runner.jail.spreading import spread

# `round` to a million places would compute with a number of a million digits.
MOST_DIGITS = 400


class NoViewError(ValueError):
    """The value has none: a number has no length. What Python raised is the cause."""


@dataclass(frozen=True, slots=True)
class View:
    """What a test looks at in a value."""

    name: str
    digits: int | None = None
    """The places of `round`."""


def told(views: tuple[View, ...]) -> list[tuple[str, int | None]]:
    """Views as plain data, which `taken` reads."""
    return [(view.name, view.digits) for view in views]


def taken(views: list[tuple[str, int | None]], value: object) -> object:
    """What is seen through all of them, the innermost first."""
    return reduce(lambda seen, view: look(View(*view), seen), views, value)


def look(view: View, value: object) -> object:
    try:
        seen: object = _TAKE[view.name](value, view.digits)
    except (TypeError, ValueError, OverflowError) as error:
        raise NoViewError(f"{view.name}() of it: {error}") from error
    return seen


def _round(value: Any, digits: int | None) -> object:
    return round(value) if digits is None else round(value, digits)


def _counter(value: Any) -> object:
    return Counter(value if isinstance(value, dict) else spread(list(value)))


_TAKE: dict[str, Callable[[Any, int | None], object]] = {
    "set": lambda value, _: set(spread(list(value))),
    "frozenset": lambda value, _: frozenset(spread(list(value))),
    "sorted": lambda value, _: sorted(value),
    "list": lambda value, _: list(value),
    "tuple": lambda value, _: tuple(value),
    "len": lambda value, _: len(value),
    "sum": lambda value, _: sum(value),
    "abs": lambda value, _: abs(value),
    "Counter": lambda value, _: _counter(value),
    "round": _round,
}
NAMES = tuple(_TAKE)
