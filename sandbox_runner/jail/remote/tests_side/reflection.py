"""What tests ask of objects of the program by functions of Python itself, which know nothing of proxies.

`type(x)` becomes the class that was told with the object, and functions of `dataclasses` go by its fields.
A text of the program that it might forge, and to run it anew, are refused. What compares by asking the other
operand compares data.
"""

import ast
import builtins
import collections.abc
import copy
import dataclasses
import importlib
import inspect
import json
import sys
import types
import typing
from collections import Counter
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from sandbox_runner.jail import library
from sandbox_runner.jail.remote.tests_side.module import RemoteModule, is_of_program
from sandbox_runner.jail.remote.tests_side.proxy import Remote, class_of, data_of, is_class, link_of

_TYPE, _CLASS = "@type", "@class"
"""No names that tests could use."""
_FIELDS = "__dataclass_fields__"
_OF_COUNTERS = [f"__{name}__" for name in ("eq", "ne", "lt", "le", "gt", "ge", "add", "sub", "and", "or")]
_signature_of = inspect.signature
_NAMING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def install(texts: Iterable[str]) -> None:
    """Do it once for a process, before tests, whose texts these are, import the functions by name."""
    if any("assertSetEqual" in text for text in texts):
        _compare_sets(importlib.import_module("unittest").TestCase)
    if hasattr(builtins, _TYPE):
        return
    setattr(builtins, _TYPE, _type_of)
    setattr(builtins, _CLASS, _class_of)
    _put(builtins, "issubclass", _is_subclass)
    _put(dataclasses, "fields", _fields)
    _put(dataclasses, "is_dataclass", _is_dataclass)
    _put(dataclasses, "asdict", _asdict)
    _put(dataclasses, "astuple", _astuple)
    _put(dataclasses, "replace", _replace)
    _put(inspect, "getattr_static", getattr)
    _put(inspect, "signature", _signature)
    _put(inspect, "isclass", _is_class_to)
    kept = getattr(typing, "_lazy_load_getattr_static", None)
    if kept is not None:  # from Python 3.12 on protocols go by that function, and may have found the old one
        kept.cache_clear()
    _put(inspect, "getsource", _refused("the text"))
    _put(inspect, "getsourcelines", _refused("the text"))
    _put(importlib, "reload", _refused("a reload"))
    for name in _OF_COUNTERS:
        _leave_to_other(name)
    _encode_data(json.JSONEncoder)


def asking_for_types(tree: ast.Module) -> ast.Module:
    """The tree with `type(x)` and `x.__class__` asking for what the program told.

    Not where `type` is another than Python's.
    """
    return tree if any(map(_names_type, ast.walk(tree))) else _Asking().visit(tree)


def _names_type(node: ast.AST) -> bool:
    match node:
        case ast.Name("type", ast.Store() | ast.Del()) | ast.arg("type"):
            return True
        case ast.alias(name, asname):
            return "type" in (name, asname)
    return isinstance(node, _NAMING) and node.name == "type"


class _Asking(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(ast.Name("type") as asked, [argument], []) if not isinstance(argument, ast.Starred):
                node.func = ast.copy_location(ast.Name(_TYPE, ast.Load()), asked)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr != "__class__" or not isinstance(node.ctx, ast.Load):
            return node
        asking = ast.copy_location(ast.Name(_CLASS, ast.Load()), node)
        return ast.copy_location(ast.Call(asking, [node.value], []), node)


def _type_of(value: object) -> object:
    return class_of(value) if _is_remote(value) else type(value)


def _class_of(value: object) -> object:
    return class_of(value) if _is_remote(value) else value.__class__


def _is_remote(value: object) -> bool:
    return Remote in type(value).__mro__


def _put(module: Any, name: str, stand_in: Callable[..., object]) -> None:
    """Let the stand-in answer of the program's objects, and the function of the rest."""
    function = getattr(module, name)

    @wraps(function)
    def answer(first: Any, /, *args: Any, **kwargs: Any) -> object:
        asked = stand_in if is_of_program(first) else function
        return asked(first, *args, **kwargs)

    setattr(module, name, answer)


def _compare_sets(case: Any) -> None:
    """Test cases ask the first set for its difference from the second, which would tell it that."""
    compare = case.assertSetEqual
    if hasattr(compare, "__wrapped__"):
        return

    @wraps(compare)
    def compare_data(self: Any, set1: Any, set2: Any, msg: Any = None) -> None:
        for each in filter(_is_remote, (set1, set2)):
            self.assertIsInstance(each, set | frozenset, msg)  # noqa: PT009 - it is one
        compare(self, *(data_of(each) if _is_remote(each) else each for each in (set1, set2)), msg)

    case.assertSetEqual = compare_data


def _leave_to_other(name: str) -> None:
    """Of a counter and one of the program, let that answer, which does it by its data."""
    method = getattr(Counter, name)

    @wraps(method)
    def operate(self: Any, other: Any) -> object:
        return NotImplemented if _is_remote(other) else method(self, other)

    setattr(Counter, name, operate)


def _encode_data(encoder: Any) -> None:
    """Of an object whose class derives from a plain type, as what it is."""
    default = encoder.default

    @wraps(default)
    def encode(self: Any, o: Any) -> object:
        is_data = _is_remote(o) and "plain" in o._remote_traits  # noqa: SLF001
        return data_of(o) if is_data else default(self, o)

    encoder.default = encode


def _is_subclass(value: Any, kinds: Any) -> bool:
    """By the classes that the program tells. It is not asked about one that it cannot tell of."""
    if not _is_remote(value) or not is_class(value):
        raise TypeError("issubclass() arg 1 must be a class")
    wanted = kinds if isinstance(kinds, tuple) else (kinds,)
    if any(getattr(collections.abc, name) is each for name in value._remote_abcs for each in wanted):  # noqa: SLF001
        return True
    known = [each for each in wanted if _is_remote(each) or library.parts(each) is not None]
    return bool(known) and any(each is kind for each in value.__mro__ for kind in known)


def _signature(value: Any, **options: Any) -> inspect.Signature:
    """Of a class that of its constructor, without what that is told first."""
    if isinstance(value, RemoteModule) or not is_class(value):
        return _signature_of(value, **options)
    makers = (link_of(value).ask("get", value, name) for name in ("__init__", "__new__"))
    maker: Any = next((each for each in makers if isinstance(each, types.FunctionType)), None)
    if maker is None:  # that of `object`
        return inspect.Signature()
    found = _signature_of(maker, **options)
    return found.replace(parameters=[*found.parameters.values()][1:])


def _is_class_to(value: Any) -> bool:
    """Not to pytest, which would run tests that the program brings."""
    asker = sys._getframe(2).f_globals.get("__name__", "")  # noqa: SLF001
    return not isinstance(value, RemoteModule) and is_class(value) and not asker.startswith("_pytest")


def _refused(what: str) -> Callable[..., object]:
    def refuse(value: Any, *_: object, **__: object) -> object:
        raise link_of(value).refuse(f"{what} of the program cannot be asked across two jails")

    return refuse


def _fields(value: Any) -> tuple[Any, ...]:
    try:
        told = list(getattr(value, _FIELDS).values())
    except AttributeError:
        raise TypeError("must be called with a dataclass type or instance") from None
    return tuple(each for each in told if each._field_type.name == "_FIELD")  # noqa: SLF001


def _is_dataclass(value: Any) -> bool:
    return hasattr(value, _FIELDS)


def _names_of(value: Any, what: str) -> list[str]:
    if isinstance(value, RemoteModule) or is_class(value) or not _is_dataclass(value):
        raise TypeError(f"{what}() should be called on dataclass instances")
    return [str(each.name) for each in _fields(value)]


def _asdict(value: Any, *, dict_factory: Callable[..., object] = dict) -> object:
    _names_of(value, "asdict")
    return _taken(value, lambda names, items: dict_factory(list(zip(names, items, strict=True))))


def _astuple(value: Any, *, tuple_factory: Callable[..., object] = tuple) -> object:
    _names_of(value, "astuple")
    return _taken(value, lambda _, items: tuple_factory(items))


def _taken(value: Any, make: Callable[[list[str], list[object]], object]) -> Any:
    """The value with all that is a dataclass within it as `make` makes it, as the library does."""
    if _is_remote(value) and not is_class(value) and _is_dataclass(value):
        names = _names_of(value, "asdict")
        return make(names, [_taken(getattr(value, name), make) for name in names])
    kind: Any = type(value)
    if kind in {list, tuple}:
        return kind([_taken(each, make) for each in value])
    if kind is dict:
        return {_taken(key, make): _taken(each, make) for key, each in value.items()}
    return copy.deepcopy(value)


def _replace(value: Any, **changes: Any) -> object:
    _names_of(value, "replace")
    kept = {each.name: getattr(value, each.name) for each in _fields(value) if each.init}
    return link_of(value).ask("get", value, "__class__")(**{**kept, **changes})
