"""Values on the wire: plain data by value, lists, dicts and sets by number, everything else by reference.

The plain forms are those of `jail.values`, with some values of the library. A list, dict or another container
that can change becomes `{"at": number}`, and `exchange` tells its members once. What is neither becomes
`{"ref": ...}`, which each side writes and reads in its own way. Of other subclasses that the standard library
defines the plain base is written, unless their items have names.
"""

import sys
from collections.abc import Callable
from typing import Any

from sandbox_runner.jail import library, values
from sandbox_runner.jail.remote import arrays, containers
from sandbox_runner.jail.spreading import spread

MOST_ANSWERED = values.MAX_DEPTH
MOST_ASKED = MOST_ANSWERED + 50
"""Tuples in tuples. Tests may wrap what they were answered and hand it back."""
PLAIN = (int, str, list, tuple, dict, set, frozenset, float, bytes, complex)

DATA = (*containers.KINDS, *PLAIN)

_DATA: dict[object, type] = {kind.__name__: kind for kind in DATA}
_UNCHANGING = frozenset({int, str, tuple, frozenset, float, bytes, complex})
_NESTED = frozenset({list, dict})
_SIMPLE = frozenset({float, str, bool, type(None)})
_LONG = 1 << 4000  # longer integers have a form of their own

MODULE = 0
"""The reference to the program's module."""

Reference = dict[str, object]
Refer = Callable[[object], Reference]
Resolve = Callable[[dict[str, Any]], object]
Share = Callable[[Any], int]
Find = Callable[[int], Any]


def write(value: Any, refer: Refer, share: Share, depth: int) -> object:
    """The tree of a value. Raises ValueError where it has tuples nested deeper than `depth`."""
    kind = type(value)
    if kind in _SIMPLE:
        return value
    if kind not in _UNCHANGING and (tree := arrays.written(value)) is not None:
        return tree
    base: Any = plain_base(kind)
    shared = None if kind in _UNCHANGING else containers.kind_of(kind)
    if base is None and shared is None:
        return _write_other(value, refer, share, depth)
    is_object = _is_object(value, base, shared)
    if is_object or shared is not None:
        return {"ref": refer(value)} if is_object else {"at": share(value)}
    if base not in (tuple, frozenset):
        return values.tag(value)
    if depth == 0:
        raise ValueError("nested too deep")
    return {base.__name__: _write_all(list(base.__iter__(value)), refer, share, depth - 1)}


def write_plain(value: object) -> object:
    """The tree of what is data and cannot change. Raises TypeError or ValueError for all else."""
    return write(value, _refuse, _refuse, MOST_ANSWERED)


def read_plain(tree: Any) -> Any:
    return read(tree, _refuse, _refuse, MOST_ASKED)


def _refuse(_: object) -> Any:
    raise TypeError("no data, or data that can change")


def _is_object(value: Any, base: type | None, shared: type | None) -> bool:
    """Whether it is more than data, though its class is or derives from one of data."""
    kind = type(value)
    if kind is arrays.kind():
        return not arrays.is_plain(value)
    return kind not in {base, shared} and (not is_standard(kind.__module__) or hasattr(kind, "_fields"))


def write_members(container: Any, refer: Refer, share: Share, depth: int, has: arrays.Has) -> object:
    """What a container holds now."""
    return containers.tree_of(container, lambda items: _write_all(list(items), refer, share, depth), has)


def _write_all(items: list[object], refer: Refer, share: Share, depth: int) -> list[object]:
    return items if _is_flat(items) else [write(item, refer, share, depth) for item in items]


def _write_other(value: object, refer: Refer, share: Share, depth: int) -> object:
    scalar = values.numpy_scalar(value)
    if scalar is not None:
        return write(scalar, refer, share, depth)
    known = library.parts(value)
    if known is None:
        return {"ref": refer(value)}
    name, parts = known
    return {name: _write_all(parts, refer, share, depth)}


def read(tree: Any, resolve: Resolve, find: Find, depth: int) -> Any:
    """The value of a tree. Raises ValueError, TypeError or what the makers of values raise."""
    if isinstance(tree, list):
        raise TypeError("members of no container")
    if not isinstance(tree, dict):
        return tree
    ((tag, content),) = tree.items()
    if tag == "ref":
        return resolve(content)
    if tag == "at":
        return find(content)
    make = _MAKERS.get(tag)
    if make is None:
        return values.untag(tree)
    if depth == 0:
        raise ValueError("nested too deep")
    return make(_read_all(content, resolve, find, depth - 1))


def container_for(tree: Any, resolve: Resolve, find: Find, depth: int) -> Any:
    """One without members. Raises LookupError, TypeError or ValueError if the tree is of none."""
    return containers.made_for(tree, lambda trees: _read_all(trees, resolve, find, depth))


def read_members(tree: Any, container: Any, resolve: Resolve, find: Find, depth: int) -> None:
    """Make the container hold these and nothing else."""
    containers.fill(container, tree, lambda trees: _read_all(trees, resolve, find, depth))


def _read_all(trees: list[Any], resolve: Resolve, find: Find, depth: int) -> list[object]:
    if _NESTED.isdisjoint(map(type, trees)):
        return trees
    return [read(tree, resolve, find, depth) for tree in trees]


_MAKERS: dict[str, Callable[[list[Any]], object]] = {
    **library.MAKERS,
    **arrays.MAKERS,
    "tuple": tuple,
    "frozenset": lambda items: frozenset(spread(items)),
}


def _is_flat(items: list[Any]) -> bool:
    """Whether JSON holds the items as they are: long lists of numbers are common, and a walk is slow."""
    kinds = set(map(type, items))
    if kinds <= _SIMPLE:
        return True
    return kinds == {int} and min(items) > -_LONG and max(items) < _LONG


def plain_base(kind: type) -> type | None:
    return kind if kind in PLAIN else next((plain for plain in PLAIN if plain in kind.__mro__), None)


def data_kind(kind: type) -> type | None:
    """The type by whose data an object of a class of the program is compared, if it derives from any."""
    array = arrays.kind()
    return array if array in kind.__mro__ else next((plain for plain in DATA if plain in kind.__mro__), None)


def data_kind_called(name: object) -> type:
    """The same on the other side. Raises LookupError for a name of none."""
    array = arrays.kind()
    return array if array is not None and name == array.__name__ else _DATA[name]


def is_standard(module: object) -> bool:
    """Whether this module is of the standard library. A program may lie about its own, and gains nothing."""
    return isinstance(module, str) and module.partition(".")[0] in sys.stdlib_module_names
