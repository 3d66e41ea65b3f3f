"""What the tests' jail asks to be done with objects of the program, by names."""

import copy
import operator
from collections.abc import Callable
from typing import Any

from sandbox_runner.jail.remote import arrays, containers, errors, wire
from sandbox_runner.jail.remote.operators import operation
from sandbox_runner.jail.remote.program_side.begun import going_on, turn


def _plain(value: Any) -> object:
    """The plain data within an object of a subclass of a plain type, without asking its methods."""
    base: Any = wire.data_kind(type(value))
    if base is None:
        raise TypeError("no plain value")
    if containers.kind_of(base) is not None:
        return containers.copy_of(value, base)
    if base in (int, str, float, bytes, complex):
        return {int: int.__int__, str: str.__str__, float: float.__float__}.get(base, base)(value)
    return base(base.__iter__(value))


def _leave(value: Any, kind: type | str | None, text: str) -> bool:
    """Leave a `with` block, and tell whether what ended it is to be swallowed."""
    return bool(type(value).__exit__(value, *_left_by(kind, text)))


async def _leave_awaited(value: Any, kind: type | str | None, text: str) -> bool:
    return bool(await type(value).__aexit__(value, *_left_by(kind, text)))


def _left_by(kind: type | str | None, text: str) -> tuple[object, object, None]:
    known = kind if isinstance(kind, type) else errors.shared_class("builtins", kind)
    return (None, None, None) if known is None else (known, errors.made_of(known, text), None)


OPERATIONS: dict[str, Callable[..., object]] = {
    "get": getattr,
    "set": setattr,
    "delete": delattr,
    "call": lambda function, /, *args, **kwargs: function(*args, **kwargs),
    "iter": iter,
    "next": next,
    "reversed": reversed,
    "len": len,
    "bool": bool,
    "hash": hash,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "enter": lambda value: type(value).__enter__(value),
    "leave": _leave,
    "await": going_on(lambda value: value),
    "aiter": aiter,
    "anext": going_on(lambda value: type(value).__anext__(value)),
    "aenter": going_on(lambda value: type(value).__aenter__(value)),
    "aleave": going_on(_leave_awaited),
    "operate": lambda name, *operands: operation(name)(*operands),
    "describe": lambda descriptor, *args: type(descriptor).__get__(descriptor, *args),
    "describe set": lambda descriptor, *args: type(descriptor).__set__(descriptor, *args),
    "describe delete": lambda descriptor, *args: type(descriptor).__delete__(descriptor, *args),
    "describe name": lambda descriptor, *args: type(descriptor).__set_name__(descriptor, *args),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "eq": lambda one, other: bool(one == other),
    "plain": _plain,
    "array": arrays.data_of,
    "repr": repr,
    "str": str,
    "format": format,
    "dir": dir,
    "pause": lambda: None,
    "turn": turn,
}
