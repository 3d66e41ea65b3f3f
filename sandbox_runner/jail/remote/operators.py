"""Operators by the names of their special methods."""

import builtins
import operator
from collections.abc import Callable

BINARY = (
    *("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "divmod", "pow"),
    *("and", "or", "xor", "lshift", "rshift"),
)
"""Those of two operands, which have a reflected form and one in place, too."""


def operation(name: str) -> Callable[..., object]:
    """What the language does by the special method of this name."""
    function: Callable[..., object] = getattr(operator, name, None) or getattr(builtins, name.strip("_"))
    return function
