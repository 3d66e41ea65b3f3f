"""Typed canonical JSON: how arguments enter a box and returned values leave it.

JSON has no tuple, set or bytes and no keys but strings, so those are objects of one member, named after the
type. Encoding asks `type(x)`, never `==`, `hash` or a method that a program could define; a subclass of a
plain type becomes the plain type, anything else becomes an `Opaque` name.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

MAX_DEPTH = 200
_MOST_COLLISIONS = 100
_SAFE_DIGITS_BITS = 4096  # Python refuses to parse decimal integers much longer than this


class MalformedValueError(ValueError):
    """Bytes that `encode` cannot have written."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value of a type that has no canonical form; equal to no expected value."""

    type_name: str


def encode(value: object) -> str:
    return json.dumps(tag(value), ensure_ascii=True, separators=(",", ":"))


def tag(value: object) -> object:
    """What JSON can hold of it."""
    return _tagged(value, 0)


def decode(text: str | bytes) -> object:
    try:
        return untag(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise MalformedValueError(str(error)) from error


def untag(tree: object) -> object:
    """The value that parsed JSON stands for."""
    try:
        return _untagged(tree, 0)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
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
    return {"opaque": kind.__name__} if scalar is None else _tagged(scalar, depth)


def numpy_scalar(value: object) -> object:
    """The plain value of a scalar of numpy, which programs take for an int or a bool; None for all else."""
    generic = getattr(sys.modules.get("numpy"), "generic", None)
    if not isinstance(generic, type) or generic not in type(value).__mro__:
        return None
    scalar: object = generic.item(value)  # type: ignore[attr-defined]
    return None if generic in type(scalar).__mro__ else scalar


class Look(StrEnum):
    """What a test looks at in a value that is no plain data, and so is taken of it where it is."""

    NOTHING = ""
    ITEMS = "items"
    SIZE = "size"
    TRUTH = "truth"


def looked_at(value: object, look: Look) -> object:
    """Plain data in place of the value, where that is all that the test looks at: `list` of a generator."""
    kind = type(value)
    if look is Look.NOTHING or value is None or any(plain in kind.__mro__ for plain, _ in _WRITERS):
        return value
    if look is Look.TRUTH:
        return bool(value)
    needed = "__len__" if look is Look.SIZE else "__iter__"
    return list(value) if hasattr(kind, needed) else value  # type: ignore[call-overload]


def _write_int(value: int, depth: int) -> object:
    exact = int.__index__(value)
    return exact if int.bit_length(exact) < _SAFE_DIGITS_BITS else {"int": hex(exact)}


def _write_complex(value: complex) -> object:
    return {"complex": [value.real, value.imag]}


def _write_dict(value: dict[object, object], depth: int) -> object:
    return {"dict": [[_tagged(key, depth), _tagged(item, depth)] for key, item in dict.items(value)]}


def _each(values: Iterable[object], depth: int) -> list[object]:
    return [_tagged(item, depth) for item in values]


_WRITERS: tuple[tuple[type, Callable[..., object]], ...] = (
    (int, _write_int),
    (str, lambda value, _: str.__str__(value)),
    (list, lambda value, depth: _each(list.__iter__(value), depth)),
    (tuple, lambda value, depth: {"tuple": _each(tuple.__iter__(value), depth)}),
    (dict, _write_dict),
    (set, lambda value, depth: {"set": _each(set.__iter__(value), depth)}),
    (frozenset, lambda value, depth: {"frozenset": _each(frozenset.__iter__(value), depth)}),
    (float, lambda value, _: float.__float__(value)),
    (bytes, lambda value, _: {"bytes": bytes.hex(value)}),
    (complex, lambda value, _: _write_complex(complex.__complex__(value))),
)


def _untagged(node: object, depth: int) -> object:
    if depth > MAX_DEPTH + 1:
        raise MalformedValueError("nested too deep")
    if isinstance(node, list):
        return [_untagged(item, depth + 1) for item in node]
    if not isinstance(node, dict):
        return node
    if len(node) != 1:
        raise MalformedValueError("an object must have one member")
    ((tag, content),) = node.items()
    if tag == "dict":
        keys = spread([_untagged(key, depth + 1) for key, _ in content])
        return {key: _untagged(item, depth + 1) for key, (_, item) in zip(keys, content, strict=True)}
    if tag in _COLLECTIONS:
        return _COLLECTIONS[tag]([_untagged(item, depth + 1) for item in content])
    if tag in _SCALARS:
        return _SCALARS[tag](content)
    raise MalformedValueError(f"unknown tag {tag[:40]!r}")


def spread(items: list[object]) -> list[object]:
    """The items again, unless so many share a hash that a table of them would take quadratic time."""
    if len(items) <= _MOST_COLLISIONS:
        return items
    chains: dict[int, list[object]] = {
        shared: [] for shared, times in Counter(map(hash, items)).items() if times > _MOST_COLLISIONS
    }
    for item in items if chains else ():
        chain = chains.get(hash(item))
        if chain is None or item in chain:
            continue
        if len(chain) == _MOST_COLLISIONS:
            raise MalformedValueError(f"more than {_MOST_COLLISIONS} different values share a hash")
        chain.append(item)
    return items


_COLLECTIONS: dict[str, Callable[[list[object]], object]] = {
    "tuple": tuple,
    "set": lambda items: set(spread(items)),
    "frozenset": lambda items: frozenset(spread(items)),
}


def _read_int(content: str) -> int:
    return int(content, 16)


def _read_complex(content: list[float]) -> complex:
    real, imaginary = content
    return complex(real, imaginary)


_SCALARS: dict[str, Callable[..., object]] = {
    "int": _read_int,
    "bytes": bytes.fromhex,
    "complex": _read_complex,
    "opaque": lambda name: Opaque(str(name)[:100]),
}
