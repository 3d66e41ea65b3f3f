"""Mocks of the tests, and what the program may have of them."""

import sys
from typing import Any

_RECORDS = ("method_calls",)
"""What a mock keeps of its calls that its class does not tell of."""
_PROTOCOL = (
    *("__enter__", "__exit__", "__iter__", "__next__", "__len__", "__bool__"),
    *("__contains__", "__getitem__", "__setitem__", "__delitem__", "__get__", "__set__"),
)
_OF_PROPERTY = ("__get__", "__set__")
"""By which one that stands for a property is called, without the object whose it is."""


def is_mock(value: object) -> bool:
    """Whether it is a stand-in of the tests, whose attributes are stand-ins too."""
    mocks = sys.modules.get("unittest.mock")
    return mocks is not None and any(kind is mocks.NonCallableMock for kind in type(value).__mro__)


def protocol_of(mock: object) -> list[str]:
    """What it can do as a file, a container or a manager of contexts."""
    return [name for name in _PROTOCOL if hasattr(type(mock), name)]


def attribute_of(mock: Any, name: str, *args: object) -> object:
    """What the program may have of it: nothing by which it could change what the mock says of its calls."""
    if name in _OF_PROPERTY:
        return mock(*args)
    if name in _PROTOCOL:
        return getattr(mock, name)(*args)
    own = (_RECORDS, *(vars(kind) for kind in sys.modules["unittest.mock"].AsyncMock.__mro__))
    if name[:1] == "_" or any(name in names for names in own):
        raise AttributeError(f"Mock object has no attribute {name!r} here")
    return getattr(mock, name)
