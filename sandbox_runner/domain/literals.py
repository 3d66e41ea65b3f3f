"""Read the constants of a test: literals, arithmetic on them, and constructors such as `set()`.

Nothing is evaluated but these, and sizes are bounded before anything is built: `10**10**10` is refused.
"""

import ast
import operator
from collections import Counter
from collections.abc import Callable
from typing import Any

from sandbox_runner.jail import views

MOST_BITS = 16_384
MOST_ITEMS = 1_000_000
_ITEM_BITS = 64  # a long number counts for as many items as it is long


class NotALiteralError(ValueError):
    """An expression whose value cannot be known without running the test."""


class Literals:
    """Reads the expressions of one request; what all of them build together is bounded."""

    def __init__(self) -> None:
        self._items_left = MOST_ITEMS

    def read(self, node: ast.expr) -> object:
        try:
            return self._value(node)
        except NotALiteralError:
            raise
        except (ArithmeticError, ValueError, TypeError, RecursionError, MemoryError) as error:
            raise NotALiteralError(f"{_shown(node)} has no value: {type(error).__name__}") from error

    def _value(self, node: ast.expr) -> Any:  # noqa: PLR0911 - one line a form
        match node:
            case ast.Constant(value=value) if value is not ...:
                return value
            case ast.List(elts=items):
                return [self._value(item) for item in items]
            case ast.Tuple(elts=items):
                return tuple(self._value(item) for item in items)
            case ast.Set(elts=items):
                return {self._value(item) for item in items}
            case ast.Dict(keys=keys, values=values):
                return {self._key(key): self._value(item) for key, item in zip(keys, values, strict=True)}
            case ast.UnaryOp(op=sign, operand=operand) if type(sign) in _UNARY:
                return _UNARY[type(sign)](self._value(operand))
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
                return self._binary(type(sign), self._value(left), self._value(right))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(node, name, arguments)
        raise NotALiteralError(f"{_shown(node)} is not a literal")

    def _key(self, node: ast.expr | None) -> Any:
        if node is None:
            raise NotALiteralError("** in a dict is not a literal")
        return self._value(node)

    def _binary(self, sign: type[ast.operator], left: Any, right: Any) -> Any:
        if sign is ast.Mult and not _both_numbers(left, right):
            return self._repeat(left, right)
        if not _both_numbers(left, right) and sign is not ast.Add:
            raise NotALiteralError("arithmetic is for numbers")
        if _bits_of_result(sign, left, right) > MOST_BITS:
            raise NotALiteralError(f"a number of more than {MOST_BITS} bits")
        result = _BINARY[sign](left, right)
        self._pay(_further_items(result) if _both_numbers(left, right) else len(result))
        return result

    def _repeat(self, left: Any, right: Any) -> Any:
        items, times = (right, left) if isinstance(left, int) else (left, right)
        if times > 0:
            self._pay(self._weight(items) * times)
        return items * times

    def _weight(self, value: object) -> int:
        """Items at all depths; what a repetition shares is counted each time, as it will be written out."""
        if isinstance(value, str | bytes):
            return len(value)
        if isinstance(value, dict):
            return self._weight([*value.keys(), *value.values()])
        if not isinstance(value, list | tuple | set | frozenset):
            return 1 + _further_items(value)
        return len(value) + sum(map(self._weight, value))

    def _pay(self, items: int) -> None:
        if items > self._items_left:
            raise NotALiteralError(f"more than {MOST_ITEMS} items")
        self._items_left -= items

    def _call(self, node: ast.expr, name: str, arguments: list[ast.expr]) -> object:
        if name not in _KNOWN:  # such as the function that is tested, whose arguments are read elsewhere
            raise NotALiteralError(f"{name}() is not a literal")
        given = [self._value(argument) for argument in arguments]
        if name in _EMPTY and not given:
            return _EMPTY[name]()
        if name in _CONSTRUCTORS and len(given) == 1:
            return _CONSTRUCTORS[name](given[0])
        if name in views.NAMES and given:
            return views.look(view(name, given[1:]), given[0])
        raise NotALiteralError(f"{_shown(node)} is not a literal")


def view(name: str, options: list[object]) -> views.View:
    """The view of that name; `round` may say to how many places."""
    match options:
        case []:
            return views.View(name)
        case [None | int() as digits] if name == "round" and abs(digits or 0) <= views.MOST_DIGITS:
            return views.View(name, digits)
    raise NotALiteralError(f"{name}() takes no such option")


_EMPTY: dict[str, Callable[[], object]] = {
    "set": set,
    "frozenset": frozenset,
    "list": list,
    "tuple": tuple,
    "dict": dict,
    "Counter": Counter,
}
_CONSTRUCTORS: dict[str, Callable[[Any], object]] = {"float": float}
_KNOWN = frozenset((*_EMPTY, *_CONSTRUCTORS, *views.NAMES))
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
}


def _both_numbers(left: object, right: object) -> bool:
    return isinstance(left, int | float | complex) and isinstance(right, int | float | complex)


def _bits_of_result(sign: type[ast.operator], left: object, right: object) -> int:
    """An upper bound; numbers that are no integers cannot grow."""
    if not isinstance(left, int) or not isinstance(right, int):
        return 0
    if sign is ast.Pow:
        return left.bit_length() * right
    if sign is ast.LShift:
        return left.bit_length() + right
    return left.bit_length() + right.bit_length() + 1


def _further_items(number: object) -> int:
    return number.bit_length() // _ITEM_BITS if isinstance(number, int) else 0


def _shown(node: ast.expr) -> str:
    try:
        return repr(ast.unparse(node)[:60])
    except RecursionError:
        return "an expression"
