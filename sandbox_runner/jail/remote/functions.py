"""What both sides know of functions."""

import enum
import types

NAMES = ("__name__", "__qualname__", "__module__", "__doc__")
"""What a function is told by, besides its parameters."""
_SHARED: tuple[type, ...] = (
    *(types.FunctionType, types.MethodType, types.GeneratorType),
    *(types.CoroutineType, types.AsyncGeneratorType),
)
KINDS: dict[str, type] = {kind.__name__: kind for kind in (*_SHARED, enum.Enum)}
"""What tests ask for by `isinstance` or `inspect`, and both sides have."""
