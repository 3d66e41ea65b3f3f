"""Containers that both jails may hold, on the wire: a tree of what they hold now, and what makes it so again.

The tree of a list is a list. That of another is an object of one member, named after its type: the members,
or, where the type has something that the members do not tell, that and the members.
"""

from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sandbox_runner.jail.remote import arrays
from sandbox_runner.jail.spreading import spread

Write = Callable[[Iterable[object]], list[object]]
Read = Callable[[list[Any]], list[object]]


@dataclass(frozen=True, slots=True)
class _Form:
    make: Callable[[Any], Any]
    """A container without members, from what the members do not tell."""
    told: Callable[[Any, arrays.Has], object]
    """What the members do not tell."""
    members: Callable[[Any, Write], object]
    fill: Callable[[Any, Any, Read], None]


def kind_of(kind: type) -> type | None:
    """The type by which a container of this type is known; None where it is none."""
    if kind in _FORMS or kind is arrays.kind():
        return kind
    return next((form for form in KINDS if form in kind.__mro__), None)


def copy_of(container: Any, kind: type) -> Any:
    """One of this very type with the same members, made without a method of a class that derives from it."""
    form = _FORMS[kind]
    copy = form.make(form.told(container, lambda _: False))
    form.fill(copy, form.members(container, list), list)
    return copy


def tree_of(container: Any, write: Write, has: arrays.Has) -> object:
    kind = _kind(container)
    if kind is list:
        return _items(container, write)
    form = _form(kind)
    members = form.members(container, write)
    if kind in _TOLD_WHOLE:
        return {kind.__name__: members}
    return {kind.__name__: [write([form.told(container, has)])[0], members]}


def made_for(tree: Any, read: Read) -> Any:
    """A container without members for this tree.

    Raises LookupError, TypeError or ValueError if there is none.
    """
    kind = _kind_of_tree(tree)
    return _form(kind).make(None if kind in _TOLD_WHOLE else read([_content(tree)[0]])[0])


def is_for(tree: Any, container: Any) -> bool:
    return _kind(container) is _kind_of_tree(tree)


def fill(container: Any, tree: Any, read: Read) -> None:
    """Make the container hold what the tree says, and nothing else."""
    kind = _kind_of_tree(tree)
    content = _content(tree)
    _form(kind).fill(container, content if kind in _TOLD_WHOLE else content[1], read)


def members_of(container: Any) -> list[object]:
    kind: Any = _kind(container)
    if not issubclass(kind, dict):
        return list(kind.__iter__(container))
    return [*kind.keys(container), *kind.values(container)]  # an ordered one has an order of its own


def _form(kind: type) -> _Form:
    return _FORMS.get(kind, _ARRAY)


def _kind(container: Any) -> type:
    kind = kind_of(type(container))
    if kind is None:
        raise TypeError("no container")
    return kind


def _kind_of_tree(tree: Any) -> type:
    if isinstance(tree, list):
        return list
    (tag,) = tree
    array = arrays.kind()
    return array if array is not None and tag == array.__name__ else _KINDS[tag]


def _content(tree: Any) -> Any:
    return tree if isinstance(tree, list) else next(iter(tree.values()))


def _pairs(container: dict[object, object], write: Write) -> object:
    kind: Any = _kind(container)
    return [write(kind.keys(container)), write(kind.values(container))]


def _fill_pairs(container: dict[object, object], content: list[list[Any]], read: Read) -> None:
    keys, values = spread(read(content[0])), read(content[1])
    container.clear()
    for key, value in zip(keys, values, strict=True):
        container[key] = value  # noqa: PERF403 - the `update` of a counter adds


def _fill_list(container: list[object], items: list[Any], read: Read) -> None:
    container[:] = read(items)


def _fill_set(container: set[object], items: list[Any], read: Read) -> None:
    read_items = spread(read(items))
    container.clear()
    container.update(read_items)


def _fill_deque(container: deque[object], items: list[Any], read: Read) -> None:
    read_items = read(items)
    container.clear()
    container.extend(read_items)


def _fill_bytes(container: bytearray, content: str, read: Read) -> None:
    container[:] = bytes.fromhex(content)


def _fill_array(container: Any, items: list[Any], read: Read) -> None:
    container[:] = array(container.typecode, items)


def _nothing(container: object, has: arrays.Has) -> None:
    """Its members tell it all."""


def _items(container: Iterable[object], write: Write) -> object:
    kind: Any = _kind(container)
    return write(kind.__iter__(container))


_FORMS: dict[type, _Form] = {
    list: _Form(lambda _: [], _nothing, _items, _fill_list),
    dict: _Form(lambda _: {}, _nothing, _pairs, _fill_pairs),
    set: _Form(lambda _: set(), _nothing, _items, _fill_set),
    bytearray: _Form(
        lambda _: bytearray(), _nothing, lambda container, _: bytearray.hex(container), _fill_bytes
    ),
    Counter: _Form(lambda _: Counter(), _nothing, _pairs, _fill_pairs),
    OrderedDict: _Form(lambda _: OrderedDict(), _nothing, _pairs, _fill_pairs),
    defaultdict: _Form(defaultdict, lambda container, _: container.default_factory, _pairs, _fill_pairs),
    deque: _Form(lambda most: deque(maxlen=most), lambda container, _: container.maxlen, _items, _fill_deque),
    array: _Form(array, lambda container, _: container.typecode, _items, _fill_array),
}
_ARRAY = _Form(
    arrays.made,
    arrays.told,
    lambda container, _: arrays.members(container),
    lambda container, content, _: arrays.fill(container, content),
)
"""Of numpy, which is not everywhere."""
KINDS = tuple(sorted(_FORMS, key=lambda kind: kind is dict))
"""Dicts last: others derive from them."""
_TOLD_WHOLE = frozenset(_FORMS) - {defaultdict, deque, array}
_KINDS = {kind.__name__: kind for kind in _FORMS}
