"""Exceptions that cross: what functions of the tests raise, and what the program answers by or lends.

One that the tests raised comes home as the very same, and so does one of the program go home.
"""

from collections.abc import Callable
from typing import Any

from sandbox_runner.jail.remote import errors, wire

_MOST_REMEMBERED = 1_000
_MOST_EXPECTED = 20
_FAILURES = AssertionError.__mro__[:-1]
CROSSED = "_crossed"
"""Attribute of exceptions that the program raised: where and what."""


def catches_failures(value: object) -> bool:
    """Whether tests that expect it, as by `except solution.Bad`, take a failed assertion for it."""
    if type(value) is tuple:  # an object of the program would be asked
        return any(map(catches_failures, value[:_MOST_EXPECTED]))
    return value in _FAILURES if isinstance(value, type) else False


class Exceptions:
    """Knows them by numbers for as long as the conversation lasts."""

    def __init__(self, ask: Callable[..., Any], own: Callable[[int], Any]) -> None:
        """`ask` is to ask the program; `own` is what the tests handed over under a number."""
        self._ask = ask
        self._mirrors = errors.Mirrors(own, self._raised_again)
        self._mirrored: dict[type, int] = {}
        self._raised: dict[int, BaseException] = {}
        """What functions of the tests raised lately."""
        self._lent: dict[int, BaseException] = {}
        self._numbers_of_lent: dict[int, int] = {}
        """Exceptions of the program that were no failure but an answer, or made for the tests."""

    def has_mirrored(self, kind: type) -> bool:
        """Whether it is made after a class of the program."""
        return kind in self._mirrored

    def number_of(self, value: object) -> int | None:
        """By which the program knows it, if it is an exception of its own, or made after a class of them."""
        if isinstance(value, type):
            return self._mirrored.get(value)
        return self._numbers_of_lent.get(id(value)) if isinstance(value, BaseException) else None

    def described(self, error: BaseException, write: Callable[[object], object]) -> dict[str, object]:
        """What the program is told of it."""
        return errors.describe(error, write, self._mirrored.get)

    def remembered(self, error: BaseException, write: Callable[[object], object]) -> dict[str, object]:
        """The same of one that the program may hand back, or let pass."""
        told = self.described(error, write)
        return told | {"raised": self._remember(error)}

    def told_of(self, value: object) -> wire.Reference | None:
        """How to hand it over, if it is an exception of the tests or a class of them."""
        if isinstance(value, type) and issubclass(value, Exception):
            return {"exception": errors.class_node(value, self._mirrored.get)}
        if isinstance(value, errors.CROSSING):
            return {"error": self.remembered(value, wire.write_plain)}
        return None

    def arrived(self, told: dict[str, Any], read: Callable[[object], Any]) -> BaseException:
        """What the program raised or warned of."""
        error = self._mirrors.error(told, read)
        where = {"type": type(error).__name__, **{name: told[name] for name in ("text", "line", "source")}}
        setattr(error, CROSSED, where)
        if "object" in told and self._mirrors.is_mirror(type(error)):
            self._lend(int(told["object"]), error)
            _let_ask(type(error), self._attribute)
        return error

    def class_of(self, node: errors.ClassNode, number: int) -> type[BaseException]:
        """The class that the program lends under this number."""
        mirror = self._mirrors.of(node)
        self._mirrored[mirror] = number
        if self._mirrors.is_mirror(mirror):
            _let_construct(mirror, self._construct)
        return mirror

    def lent_as(self, number: int, told: dict[str, Any]) -> BaseException:
        """What the program lends under this number."""
        if number not in self._lent:
            self._lend(number, self._mirrors.error(told, wire.read_plain))
        return self._lent[number]

    def _construct(
        self, error: BaseException, kind: object, *args: object, **kwargs: object
    ) -> BaseException | None:
        """What the program makes of these arguments, if that is data; `error` stands for it from now on."""
        made = self._ask("call", kind, *args, **kwargs)
        number = self._numbers_of_lent.get(id(made))
        if not isinstance(made, BaseException) or number is None:
            return None
        self._lend(number, error)
        return made

    def _attribute(self, error: BaseException, name: str) -> object:
        if name[:1] == "_" or id(error) not in self._numbers_of_lent:
            raise AttributeError(f"{type(error).__name__!r} object has no attribute {name!r}")
        return self._ask("get", error, name)

    def _lend(self, number: int, error: BaseException) -> None:
        self._lent[number], self._numbers_of_lent[id(error)] = error, number

    def _remember(self, error: BaseException) -> int:
        number = next(reversed(self._raised), 0) + 1
        self._raised[number] = error
        if len(self._raised) > _MOST_REMEMBERED:
            del self._raised[next(iter(self._raised))]
        return number

    def _raised_again(self, number: int) -> BaseException | None:
        return self._raised.get(number)


def _let_construct(mirror: type[BaseException], construct: Callable[..., BaseException | None]) -> None:
    """Have the other side make what the arguments make of an exception of its class."""

    def init(self: BaseException, *args: object, **kwargs: object) -> None:
        made = construct(self, mirror, *args, **kwargs)
        if made is not None:
            self.args = made.args
            vars(self).update(vars(made))

    mirror.__init__ = init  # type: ignore[method-assign]


def _let_ask(mirror: type[BaseException], attribute: Callable[[BaseException, str], object]) -> None:
    """Have the other side answer what an exception of its class can do."""

    def ask(self: BaseException, name: str) -> object:
        return attribute(self, name)

    mirror.__getattr__ = ask  # type: ignore[attr-defined]
