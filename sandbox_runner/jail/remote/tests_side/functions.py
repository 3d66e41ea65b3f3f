"""What the program may know of a function of the tests besides what it returns: name, text and parameters.

A decorator gives them to what it makes, and who curries counts parameters. Nothing else of a function leaves
the tests' jail: its globals and the defaults of its parameters may hold what is expected.
"""

import inspect
from collections.abc import Callable
from typing import Any

from sandbox_runner.jail.remote.functions import NAMES
from sandbox_runner.jail.remote.tests_side.mocks import is_mock

_TEXT_LIMIT = 10_000
Plain = Callable[[object], object]
"""Writes what is data and cannot change; raises for all else."""


def told_of(function: object, write: Plain) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in NAMES:
        text = getattr(function, name, None)
        if type(text) is str:
            told[name] = text[:_TEXT_LIMIT]
    if is_mock(function):  # it would take note of being looked into
        return told
    try:
        signature = inspect.signature(function)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return told
    return told | {
        "parameters": [
            [each.name, int(each.kind), each.default is not each.empty, _told(each.annotation, write)]
            for each in signature.parameters.values()
        ],
        "returns": _told(signature.return_annotation, write),
    }


def _told(value: object, write: Plain) -> list[object]:
    """Nothing where there is none, or none that both sides have."""
    if value is inspect.Parameter.empty:
        return []
    try:
        return [write(value)]
    except (TypeError, ValueError):
        return []
