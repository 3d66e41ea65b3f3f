"""Typed canonical JSON: how arguments enter a box and returned values leave it.

JSON has no tuple, set or bytes and no keys but strings, so those are objects of one member, named after the
type; so are values of the standard library. Encoding asks `type(x)`, never `==`, `hash` or a method that a
program could define; a subclass of a plain type becomes the plain type, anything else an `Opaque` name.
"""

import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sandbox_runner.jail import compact, library
from sandbox_runner.jail.spreading import spread

MAX_DEPTH = 200
_MOST_DIGITS = 4096
"""Of a decimal or fraction: their arithmetic takes quadratic time."""
_SHORT = 1 << 14
_SAFE_DIGITS_BITS = 4096  # Python refuses to parse decimal integers much longer than this


class MalformedValueError(ValueError):
    """Bytes that `encode` cannot have written."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value of a type that has no canonical form; equal to no expected value."""

    type_name: str


def encode(value: object) -> str:
    return compact.write(tag(value))


def encode_short(value: object) -> str:
    """Empty for a value too long to be shown to anybody."""
    if is_plain(value) and getattr(value, "__len__", int)() > _SHORT:
        return ""
    encoded = encode(value)
    return encoded if len(encoded) <= _SHORT else ""


def tag(value: object) -> object:
    """What JSON can hold of it."""
    return _tagged(value, 0)


def decode(text: str | bytes) -> object:
    try:
        text = text if isinstance(text, str) else text.decode()
        tree, end = compact.read(text)
    except (ValueError, RecursionError) as error:
        raise MalformedValueError(str(error)) from error
    if end != len(text):
        raise MalformedValueError("more than one value")
    return untag(tree)


def untag(tree: object) -> object:
    """The value that parsed JSON stands for."""
    try:
        return _untagged(tree, 0)
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise MalformedValueError(str(error)) from error


def _tagged(value: object, depth: int) -> object:
    kind = type(value)
    if value is None or kind is bool or kind is float:
        return value
    if depth >= MAX_DEPTH:
        return {"opaque": f"a value nested deeper than {MAX_DEPTH}"}
    for plain, write in _WRITERS:
        if kind is plain or plain in kind.__mro__:
            return write(value, depth + 1)
    scalar = numpy_scalar(value)
    if scalar is not None:
        return _tagged(scalar, depth)
    known = library.parts(value)
    return {"opaque": kind.__name__} if known is None else {known[0]: _each(known[1], depth + 1)}


def numpy_scalar(value: object) -> object:
    """The plain value of a scalar of numpy, which programs take for an int or a bool; None for all else."""
    generic = getattr(sys.modules.get("numpy"), "generic", None)
    if not isinstance(generic, type) or generic not in type(value).__mro__:
        return None
    scalar: object = generic.item(value)  # type: ignore[attr-defined]
    return None if generic in type(scalar).__mro__ else scalar


def is_plain(value: object) -> bool:
    return value is None or any(plain in type(value).__mro__ for plain, _ in _WRITERS)


def _write_int(value: int, depth: int) -> object:
    exact = int.__index__(value)
    return exact if int.bit_length(exact) < _SAFE_DIGITS_BITS else {"int": hex(exact)}


def _write_complex(value: complex) -> object:
    return {"complex": [value.real, value.imag]}


def _write_dict(value: dict[object, object], depth: int, tag: str = "dict") -> object:
    return {tag: [[_tagged(key, depth), _tagged(item, depth)] for key, item in dict.items(value)]}


def _each(values: Iterable[object], depth: int) -> list[object]:
    return [_tagged(item, depth) for item in values]


_WRITERS: tuple[tuple[type, Callable[..., object]], ...] = (
    (int, _write_int),
    (str, lambda value, _: str.__str__(value)),
    (list, lambda value, depth: _each(list.__iter__(value), depth)),
    (tuple, lambda value, depth: {"tuple": _each(tuple.__iter__(value), depth)}),
    (Counter, lambda value, depth: _write_dict(value, depth, "Counter")),
    (dict, _write_dict),
    (set, lambda value, depth: {"set": _each(set.__iter__(value), depth)}),
    (frozenset, lambda value, depth: {"frozenset": _each(frozenset.__iter__(value), depth)}),
    (float, lambda value, _: float.__float__(value)),
    (bytes, lambda value, _: {"bytes": bytes.hex(value)}),
    (complex, lambda value, _: _write_complex(complex.__complex__(value))),
    (bytearray, lambda value, _: {"bytearray": bytearray.hex(value)}),
    (deque, lambda value, depth: {"deque": _each(deque.__iter__(value), depth)}),
)


def _untagged(node: object, depth: int, *, hashed: bool = False) -> object:
    """`hashed`: it is a member of a set or a key; the program decides how often those are compared."""
    if depth > MAX_DEPTH + 1:
        raise MalformedValueError("nested too deep")
    if isinstance(node, list):
        return [_untagged(item, depth + 1, hashed=hashed) for item in node]
    if not isinstance(node, dict):
        return node
    if len(node) != 1:
        raise MalformedValueError("an object must have one member")
    ((tag, content),) = node.items()
    if tag in _TABLES:
        keys = spread([_untagged(key, depth + 1, hashed=True) for key, _ in content])
        items = (_untagged(item, depth + 1) for _, item in content)
        return _TABLES[tag](zip(keys, items, strict=True))
    if tag in _COLLECTIONS:
        hashed = hashed or tag in _HASHING
        return _COLLECTIONS[tag]([_untagged(item, depth + 1, hashed=hashed) for item in content])
    if tag in _SCALARS:
        return _SCALARS[tag](content)
    if tag in library.MAKERS:
        return _made(
            tag, [_untagged(item, depth + 1, hashed=hashed or tag in _HASHING) for item in content], hashed
        )
    raise MalformedValueError(f"unknown tag {tag[:40]!r}")


def _made(tag: str, parts: list[object], hashed: bool) -> object:
    if tag not in _SLOW:
        return library.MAKERS[tag](parts)
    number = Opaque(tag) if any(map(_is_long, parts)) else library.MAKERS[tag](parts)
    return _quick(number) if hashed else number


def _quick(number: Any) -> object:
    """An equal integer or float, which compare quickly."""
    try:
        near = float(number)
    except (TypeError, ValueError, OverflowError):
        return Opaque(type(number).__name__)
    if near != number:
        return Opaque(type(number).__name__)
    return int(near) if near.is_integer() else near


def _is_long(part: object) -> bool:
    return len(part) > _MOST_DIGITS if isinstance(part, str) else not -_LONG < part < _LONG  # type: ignore[operator]


def _counter(pairs: Iterable[tuple[object, object]]) -> object:
    counter: Counter[object] = Counter()
    for key, times in pairs:  # its own `update` would add
        counter[key] = times  # type: ignore[assignment]
    return counter


_SLOW = frozenset({"decimal.Decimal", "fractions.Fraction"})
_HASHING = frozenset({"set", "frozenset", "dict_keys", "dict_items"})
_LONG = 1 << 4 * _MOST_DIGITS
_TABLES: dict[str, Callable[[Iterable[tuple[Any, object]]], object]] = {"dict": dict, "Counter": _counter}
_COLLECTIONS: dict[str, Callable[[list[object]], object]] = {
    "tuple": tuple,
    "set": lambda items: set(spread(items)),
    "frozenset": lambda items: frozenset(spread(items)),
    "deque": deque,
}


def _read_int(content: str) -> int:
    return int(content, 16)


def _read_complex(content: list[float]) -> complex:
    real, imaginary = content
    return complex(real, imaginary)


_SCALARS: dict[str, Callable[..., object]] = {
    "int": _read_int,
    "bytes": bytes.fromhex,
    "bytearray": bytearray.fromhex,
    "complex": _read_complex,
    "opaque": lambda name: Opaque(str(name)[:100]),
}
