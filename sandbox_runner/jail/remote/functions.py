"""What both sides know of functions: their kinds, their names, and those that carry out operators."""

import builtins
import enum
import operator
import types
from collections.abc import Callable

NAMES = ("__name__", "__qualname__", "__module__", "__doc__")
"""What a function is told by, besides its parameters."""
_SHARED: tuple[type, ...] = (
    *(types.FunctionType, types.MethodType, types.GeneratorType),
    *(types.CoroutineType, types.AsyncGeneratorType),
)
KINDS: dict[str, type] = {kind.__name__: kind for kind in (*_SHARED, enum.Enum)}
"""What tests ask for by `isinstance` or `inspect`, and both sides have."""


def operation(name: str) -> Callable[..., object]:
    """What the language does by the special method of this name."""
    function: Callable[..., object] = getattr(operator, name, None) or getattr(builtins, name.strip("_"))
    return function
