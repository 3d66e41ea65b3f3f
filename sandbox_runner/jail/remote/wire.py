"""Values on the wire: plain data by value, everything else by reference.

The plain forms are those of `jail.values`, with some values of the library. What is neither becomes
`{"ref": ...}`, which each side writes and reads in its own way. A subclass that the standard library defines
(`Counter`) is its plain base.
"""

import sys
from collections.abc import Callable, Iterable
from typing import Any

from sandbox_runner.jail import values
from sandbox_runner.jail.remote import library

MAX_DEPTH = values.MAX_DEPTH
PLAIN = (int, str, list, tuple, dict, set, frozenset, float, bytes, complex)

_NESTED = frozenset({list, dict})
_SIMPLE = frozenset({float, str, bool, type(None)})
_LONG = 1 << 4000  # longer integers have a form of their own

Reference = dict[str, object]


def write(value: Any, refer: Callable[[object], Reference], depth: int = 0) -> object:
    kind = type(value)
    if value is None or kind is bool:
        return value
    base: Any = plain_base(kind)
    if base is None:
        return _write_other(value, refer, depth)
    if base is not kind and not is_standard(kind.__module__):
        return {"ref": refer(value)}
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    if base is dict:
        members: Iterable[tuple[object, object]] = dict.items(value)
        pairs = [[write(key, refer, depth + 1), write(item, refer, depth + 1)] for key, item in members]
        return {"dict": pairs}
    if base not in (list, tuple, set, frozenset):
        return values.tag(value)
    items = list(base.__iter__(value))
    written = items if _is_flat(items) else [write(item, refer, depth + 1) for item in items]
    return written if base is list else {base.__name__: written}


def _write_other(value: object, refer: Callable[[object], Reference], depth: int) -> object:
    scalar = values.numpy_scalar(value)
    if scalar is not None:
        return write(scalar, refer, depth)
    known = library.parts(value)
    if known is None:
        return {"ref": refer(value)}
    name, parts = known
    return {name: [write(part, refer, depth + 1) for part in parts]}


def read(tree: Any, resolve: Callable[[dict[str, Any]], object], depth: int = 0) -> Any:
    if depth > MAX_DEPTH + 1:
        raise ValueError("nested too deep")
    if isinstance(tree, list):
        nested = not _NESTED.isdisjoint(map(type, tree))
        return [read(item, resolve, depth + 1) for item in tree] if nested else list(tree)
    if not isinstance(tree, dict):
        return tree
    ((tag, content),) = tree.items()
    if tag == "ref":
        return resolve(content)
    if tag == "dict":
        keys = values.spread([read(key, resolve, depth + 1) for key, _ in content])
        return {key: read(item, resolve, depth + 1) for key, (_, item) in zip(keys, content, strict=True)}
    make = library.MAKERS.get(tag) or _COLLECTIONS.get(tag)
    if make is None:
        return values.untag(tree)
    return make([read(item, resolve, depth + 1) for item in content])


_COLLECTIONS: dict[str, Callable[[list[object]], object]] = {
    "tuple": tuple,
    "set": lambda items: set(values.spread(items)),
    "frozenset": lambda items: frozenset(values.spread(items)),
}


def _is_flat(items: list[Any]) -> bool:
    """Whether JSON holds the items as they are: long lists of numbers are common, and a walk is slow."""
    kinds = set(map(type, items))
    if kinds <= _SIMPLE:
        return True
    return kinds == {int} and min(items) > -_LONG and max(items) < _LONG


def plain_base(kind: type) -> type | None:
    return next((plain for plain in PLAIN if plain in kind.__mro__), None)


def is_standard(module: object) -> bool:
    """Whether this module is of the standard library. A program may lie about its own, and gains nothing."""
    return isinstance(module, str) and module.partition(".")[0] in sys.stdlib_module_names
