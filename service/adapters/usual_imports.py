"""The imports that LiveCodeBench's judge puts before a program, which programs for it are written against."""

_STARS = (
    "typing collections itertools functools heapq bisect string operator math random copy datetime builtins"
)
_MODULES = (
    "sys os re io json math random string heapq bisect copy time datetime statistics itertools functools "
    "collections operator"
)
_IMPORTS = "; ".join(
    [
        *(f"from {name} import *" for name in _STARS.split()),
        *(f"import {name}" for name in _MODULES.split()),
    ]
)
"""One line: all lines of a traceback move by one."""


def with_usual_imports(code: str) -> str:
    """Put them before a program; before `from __future__` they would be a syntax error."""
    return code if "__future__" in code else f"{_IMPORTS}\n{code}"
