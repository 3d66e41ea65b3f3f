"""What of numpy is data on the wire: arrays and scalars as a type, a shape and bytes, types by their names.

Only numbers, times and text of a fixed length. An array of objects or records, one of a class that derives
from numpy's, or one too large for a message is an object of its side like any other. Numpy is used where it
was imported: both sides have it or neither. Nothing is unpickled.
"""

import binascii
import math
import re
import sys
from collections.abc import Callable
from typing import Any

MOST_BYTES = 8 << 20
"""Of an array, as if no dimension were empty: its base64 leaves room in a message."""
_MOST_DIMENSIONS = 64
# Not those of long doubles: some of their bytes are whatever was in memory before.
_NUMBERS = "[biu][1248]|f[248]|c8|c16|[mM]8(\\[[0-9]{0,9}[a-zA-Z]{1,7}\\])?"
_TYPE = re.compile(rf"[<>|]({_NUMBERS}|[SU][1-9][0-9]{{0,7}})")
_LAST_CHARACTER = 0x10FFFF

_NARROW = ("<f2", ">f2", "<f4", ">f4", "<c8", ">c8")
"""Of these numpy takes a number of Python's that is too large for an infinity, which so equals it."""

Has = Callable[[object], bool]
"""Whether the other side has this container already."""


class _Heard:
    endless = False


def heard_endless() -> bool:
    """Whether an infinity that equals every large number came since this was last asked."""
    heard, _Heard.endless = _Heard.endless, False
    return heard


def kind() -> type | None:
    """The class of arrays, where there is one."""
    found = getattr(sys.modules.get("numpy"), "ndarray", None)
    return found if isinstance(found, type) else None


def is_plain(array: Any) -> bool:
    return _is_known(array.dtype.str) and _is_small(array.dtype.itemsize, array.shape)


def content_of(array: Any) -> tuple[object, ...]:
    """By which two moments of an array can be compared, as its elements cannot: NaN differs from itself."""
    return array.flags.writeable, array.tobytes()


def form_of(array: Any) -> tuple[object, ...]:
    """What a message cannot change of an array that both sides have."""
    return array.dtype.str, array.shape


def told(array: Any, has: Has) -> tuple[object, ...]:
    """Type, shape, order and, of a view into an array that the other side has, what it is a view of."""
    flags, owner = array.flags, owner_of(array, has)
    form = (*form_of(array), flags.f_contiguous and not flags.c_contiguous)
    if owner is None:
        return (*form, None, 0, ())
    return (*form, owner, _address(array) - _address(owner), array.strides)


def shows_what_others_hold(array: Any) -> bool:
    """Whether it is a view into something that lives without it."""
    owned = 2  # by the view, and as an argument
    return array.base is not None and sys.getrefcount(array.base) > owned


def owner_of(array: Any, has: Has) -> Any:
    """The array that it can be told as a view of; None where there is none."""
    owner = array.base
    is_known = type(owner) is type(array) and has(owner)
    return owner if is_known and _is_laid_out_alike(array, owner) else None


def made(told: tuple[Any, ...]) -> Any:
    """An array of what was told, whose elements are still to come. Raises ValueError or TypeError."""
    name, shape, is_fortran, owner, offset, strides = told
    kind = _type(name, shape)
    if owner is None:
        return _numpy().empty(shape, kind, "F" if is_fortran else "C")
    if type(owner) is not _numpy().ndarray or owner.dtype != kind:
        raise TypeError("a view into something else")
    memory = owner.ravel(order="K").view(_numpy().uint8)
    return _numpy().ndarray(shape, kind, memory, offset, strides)  # which sees that it lies within


def members(array: Any) -> list[object]:
    return [*form_of(array), array.flags.writeable, _text_of(array)]


def fill(array: Any, content: list[Any]) -> None:
    """Make the array hold what was told; never another memory, as something may be at work on this."""
    name, shape, writeable, data = content
    arrived = _array(name, tuple(shape), data)
    if form_of(array) != form_of(arrived):
        raise ValueError("an array of another form")
    if array.tobytes() != arrived.tobytes():
        array.flags.writeable = True
        _numpy().copyto(array, arrived)
    if array.flags.writeable is not writeable:
        array.flags.writeable = bool(writeable)


def data_of(value: Any) -> object:
    """The elements of an array of another class or type, or of what can be made one, and no more of it."""
    array = _numpy().asarray(value)
    if is_plain(array):
        return array
    if not _is_small(array.dtype.itemsize, array.shape):
        raise ValueError(f"an array of shape {array.shape} is too large to be compared")
    return array.tolist()


def of_data(data: object) -> Any:
    """The array of such elements."""
    if type(data) is kind():
        return data
    if type(data) is not list:
        raise TypeError("no array")
    return _numpy().array(data, dtype=object)


def written(value: Any) -> dict[str, object] | None:
    """The tree of a scalar, a class or a type of elements of numpy; None for all else."""
    if kind() is None:
        return None
    numpy = _numpy()
    bases = type(value).__mro__
    if numpy.generic in bases and type(value).__module__ == "numpy" and _is_known(value.dtype.str):
        return {"scalar": [value.dtype.str, _text_of(value)]}
    if numpy.dtype in bases and _is_known(value.str):
        return {"dtype": [value.str]}
    name = str(value.__name__) if type in bases and value.__module__ == "numpy" else ""
    return {"numpy": [name]} if name and _class(name) is value else None


MAKERS: dict[str, Callable[[list[Any]], object]] = {
    "scalar": lambda parts: _array(parts[0], (), parts[1])[()],
    "dtype": lambda parts: _type(parts[0], ()),
    "numpy": lambda parts: _known_class(parts[0]),
}
"""What makes such a value again; each raises ValueError or TypeError for what was not written so."""


def _numpy() -> Any:
    if kind() is None:
        raise ValueError("numpy is not here")
    return sys.modules["numpy"]


def _is_known(name: str) -> bool:
    return _TYPE.fullmatch(name) is not None


def _is_small(item_bytes: int, shape: tuple[int, ...]) -> bool:
    """A small array may look large: its dimensions are anybody's where one of them or a stride is 0."""
    most = item_bytes * math.prod(max(length, 1) for length in shape)
    return len(shape) <= _MOST_DIMENSIONS and most <= MOST_BYTES


def _type(name: Any, shape: tuple[Any, ...]) -> Any:
    """The type of that name, if an array of it may have this shape."""
    if not _is_known(name):
        raise ValueError("a type whose elements are no plain data")
    found = _numpy().dtype(name)
    if not all(type(length) is int and length >= 0 for length in shape):
        raise TypeError("no shape")
    if not _is_small(found.itemsize, shape):
        raise ValueError("a shape that no array here has")
    return found


def _array(name: Any, shape: tuple[Any, ...], data: Any) -> Any:
    """The array of these bytes, which cannot be written to."""
    found = _type(name, shape)
    content = binascii.a2b_base64(data, strict_mode=True)
    if len(content) != found.itemsize * math.prod(shape):
        raise ValueError("not as many bytes as the shape has elements")
    array = _numpy().ndarray(shape, found, content)
    if found.kind == "b" and content.translate(None, b"\0\1"):
        raise ValueError("a truth that is neither")
    if found.str in _NARROW and not _Heard.endless:
        _Heard.endless = bool(_numpy().isinf(array).any())
    if found.kind == "U" and array.size:
        codes = _numpy().frombuffer(content, _numpy().dtype("u4").newbyteorder(found.byteorder))
        if codes.max() > _LAST_CHARACTER:
            raise ValueError("a character that is none")
    return array


def _text_of(value: Any) -> str:
    return binascii.b2a_base64(value.tobytes(), newline=False).decode()


def _is_laid_out_alike(array: Any, owner: Any) -> bool:
    """Whether the other side's owner, which is contiguous, has the elements of this in the same places."""
    contiguous = owner.flags.c_contiguous or owner.flags.f_contiguous
    return bool(array.size and contiguous and owner.base is None and owner.dtype == array.dtype)


def _address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def _class(name: str) -> type | None:
    found = getattr(_numpy(), name, None)
    if isinstance(found, type) and (found is kind() or issubclass(found, _numpy().generic)):
        return found
    return None


def _known_class(name: Any) -> type:
    found = _class(name)
    if found is None:
        raise ValueError("no class of numpy's scalars")
    return found
