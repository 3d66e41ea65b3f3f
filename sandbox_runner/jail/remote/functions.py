"""What the program may know of a function of the tests besides what it returns: name, text and parameters.

A decorator gives them to what it makes, and who curries counts parameters. Nothing else of a function leaves
the tests' jail: its globals and the defaults of its parameters may hold what is expected.
"""

import builtins
import enum
import inspect
import operator
import sys
import types
from collections.abc import Callable
from typing import Any

_TEXT_LIMIT = 10_000
_NAMES = ("__name__", "__qualname__", "__module__", "__doc__")
_SHARED: tuple[type, ...] = (
    *(types.FunctionType, types.MethodType, types.GeneratorType),
    *(types.CoroutineType, types.AsyncGeneratorType),
)
KINDS: dict[str, type] = {kind.__name__: kind for kind in (*_SHARED, enum.Enum)}
"""What tests ask for by `isinstance` or `inspect`, and both sides have."""
_RECORDS = ("method_calls",)
"""What a mock keeps of its calls that its class does not tell of."""
MOCK_PROTOCOL = (
    *("__enter__", "__exit__", "__iter__", "__next__", "__len__", "__bool__"),
    *("__contains__", "__getitem__", "__setitem__", "__delitem__"),
)
Plain = Callable[[object], object]
"""Writes what is data and cannot change; raises for all else."""


def told_of(function: object, write: Plain) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in _NAMES:
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


def give_names(callback: object, told: dict[str, Any], read: Callable[[Any], object]) -> None:
    """Let a stand-in for the function look like it."""
    for name in _NAMES:
        if name in told:
            setattr(callback, name, told[name])
    if "parameters" not in told:
        return
    parameters = [
        inspect.Parameter(
            name,
            inspect._ParameterKind(kind),  # noqa: SLF001
            default=... if is_optional else inspect.Parameter.empty,
            annotation=_heard(annotation, read),
        )
        for name, kind, is_optional, annotation in told["parameters"]
    ]
    returns = _heard(told["returns"], read)
    annotations = {each.name: each.annotation for each in parameters} | {"return": returns}
    vars(callback)["__signature__"] = inspect.Signature(parameters, return_annotation=returns)
    vars(callback)["__annotations__"] = {
        name: annotation
        for name, annotation in annotations.items()
        if annotation is not inspect.Parameter.empty
    }


def _told(value: object, write: Plain) -> list[object]:
    """Nothing where there is none, or none that both sides have."""
    if value is inspect.Parameter.empty:
        return []
    try:
        return [write(value)]
    except (TypeError, ValueError):
        return []


def _heard(told: list[object], read: Callable[[Any], object]) -> object:
    return read(told[0]) if told else inspect.Parameter.empty


def operation(name: str) -> Callable[..., object]:
    """What the language does by the special method of this name."""
    function: Callable[..., object] = getattr(operator, name, None) or getattr(builtins, name.strip("_"))
    return function


def is_mock(value: object) -> bool:
    """Whether it is a stand-in of the tests, whose attributes are stand-ins too."""
    mocks = sys.modules.get("unittest.mock")
    return mocks is not None and any(kind is mocks.NonCallableMock for kind in type(value).__mro__)


def protocol_of_mock(mock: object) -> list[str]:
    """What it can do as a file, a container or a manager of contexts."""
    return [name for name in MOCK_PROTOCOL if hasattr(type(mock), name)]


def attribute_of_mock(mock: Any, name: str, *args: object) -> object:
    """What the program may have of it: nothing by which it could change what the mock says of its calls."""
    if name in MOCK_PROTOCOL:
        return getattr(mock, name)(*args)
    own = (_RECORDS, *(vars(kind) for kind in sys.modules["unittest.mock"].AsyncMock.__mro__))
    if name[:1] == "_" or any(name in names for names in own):
        raise AttributeError(f"Mock object has no attribute {name!r} here")
    return getattr(mock, name)


def traits_of(value: object) -> list[str]:
    """Of an object that the program may only keep: its class, and what that decides by methods of its own."""
    kind: Any = type(value)
    equal, true = kind.__eq__ is not object.__eq__, hasattr(kind, "__bool__") or hasattr(kind, "__len__")
    decided = (("__eq__", equal), ("__bool__", true))
    return [kind.__name__, *(name for name, decides in decided if decides)]
