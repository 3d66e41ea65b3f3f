"""From the form in which a checker is asked for to the checker.

A name, or an object with a `name` and that checker's options:
`{"name": "floats", "abs": 1e-9, "rel": 1e-6}`, `{"name": "custom", "code": "...", "language": "python"}`.
"""

import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from sandbox_runner.domain.checkers import text
from sandbox_runner.domain.checkers.checker import Checker, CustomChecker
from sandbox_runner.domain.checkers.floats import Tolerance, floats
from sandbox_runner.domain.checkers.unordered import Part, unordered

DEFAULT_CHECKER = "standard"
_LANGUAGES = ("python",)
_CODE_LIMIT = 1 << 20


class CheckerError(ValueError):
    """A checker that there is not; `field` says which part of what was asked is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


CHECKERS: dict[str, Checker] = {
    each.name: each
    for each in (
        Checker(DEFAULT_CHECKER, text.standard),
        Checker("identical", text.exact),
        Checker("exact", text.exact),
        Checker("tokens", text.tokens),
        Checker("lines", text.each_line),
        Checker("case_insensitive", text.case_insensitive),
        Checker("floats", partial(floats, tolerance=Tolerance())),
        Checker("unordered", partial(unordered, part=Part.TOKENS)),
        Checker("sorted", partial(unordered, part=Part.LINES)),
    )
}


def parse(asked: object) -> Checker | CustomChecker:
    """The checker that `asked` names; None asks for the default."""
    if asked is None:
        return CHECKERS[DEFAULT_CHECKER]
    if isinstance(asked, str):
        return _named(asked, {}, "checker")
    if not isinstance(asked, Mapping) or not isinstance(asked.get("name"), str):
        raise CheckerError("checker", "a name, or an object with a name")
    options = {str(key): value for key, value in asked.items() if key != "name"}
    return _named(asked["name"], options, "checker.name")


def _named(name: str, options: Mapping[str, object], field: str) -> Checker | CustomChecker:
    if name == "custom":
        return _custom(options)
    if name not in CHECKERS:
        known = ", ".join([*CHECKERS, "custom"])
        raise CheckerError(field, f"unknown checker {name[:40]!r}; known: {known}")
    if not options:
        return CHECKERS[name]
    _refuse_unknown(options, _OPTIONS.get(name, ()), name)
    if name == "floats":
        return Checker(name, partial(floats, tolerance=_tolerance(options)))
    return Checker(name, partial(unordered, part=_part(options["by"])))


_OPTIONS = {"floats": ("abs", "rel"), "unordered": ("by",), "sorted": ("by",), "custom": ("code", "language")}


def _refuse_unknown(options: Mapping[str, object], known: tuple[str, ...], name: str) -> None:
    for option in options:
        if option not in known:
            offer = f"its options: {', '.join(known)}" if known else "it has no options"
            raise CheckerError(f"checker.{option[:40]}", f"no option of {name}; {offer}")


def _tolerance(options: Mapping[str, object]) -> Tolerance:
    return Tolerance(**{name: _bound(name, value) for name, value in options.items()})


def _bound(name: str, value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and 0 <= value <= sys.float_info.max:  # an integer may be too long for a float
        return float(value)
    raise CheckerError(f"checker.{name}", "a finite number, 0 or more")


def _part(asked: object) -> Part:
    if asked not in list(Part):
        raise CheckerError("checker.by", f"one of {', '.join(Part)}")
    return Part(str(asked))


def _custom(options: Mapping[str, object]) -> CustomChecker:
    _refuse_unknown(options, _OPTIONS["custom"], "custom")
    code, language = options.get("code"), options.get("language", "python")
    if not isinstance(code, str) or not 0 < len(code) <= _CODE_LIMIT:
        raise CheckerError("checker.code", f"a program of 1 to {_CODE_LIMIT} characters")
    if language not in _LANGUAGES:
        raise CheckerError("checker.language", f"one of {', '.join(_LANGUAGES)}")
    return CustomChecker(code, str(language))
