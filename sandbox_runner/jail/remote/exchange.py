"""Lists, dicts and the like that both jails hold: two copies of each, which agree whenever a message comes.

Whether a function returned the list that it was given, kept it, or lends one of its own shows in Python as
soon as either side changes it or asks what it is. Only one side runs at a time, so each message tells what
changed since the last, and the other side's copy is changed in place. What one side alone still holds is
shared no more. Not covered: the identity of what cannot change, such as a tuple or a string.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sandbox_runner.jail.remote import arrays, containers, wire
from sandbox_runner.jail.remote.frames import Connection
from sandbox_runner.jail.remote.shared import Shared, share

Altered = Callable[[object, list[object], list[object]], None]
"""Told whose container it is, and what that held before and after."""


class Exchange:
    """Values in both directions. The tests' side asks; it numbers what it shares first 1, 2, and so on.

    `refer` is for what is handed over, `refer_any` for what is put into a container that is shared already.
    """

    def __init__(
        self,
        connection: Connection,
        refer: wire.Refer,
        refer_any: wire.Refer,
        resolve: wire.Resolve,
        *,
        asks: bool,
    ) -> None:
        self._connection = connection
        self._refer = refer
        self._refer_any = refer_any
        self._resolve = resolve
        self.altered: Altered = lambda *_: None
        """Told of containers that `write_of` wrote and the other side changed."""
        self._step = self._next = 1 if asks else -1
        depths = (wire.MOST_ASKED, wire.MOST_ANSWERED)
        self._writes_deep, self._reads_deep = depths if asks else reversed(depths)
        self._shared: dict[int, Shared] = {}
        self._numbers: dict[int, int] = {}
        self._trees: dict[int, object] = {}
        """Of the message in the making; None for what is as told."""
        self._unwritten: list[int] = []
        self._dropped: list[int] = []
        self._owners: dict[int, object] = {}
        """Of containers that the other side came to by what it was lent."""
        self._arriving: set[int] = set()
        """What an arriving message tells of. To read it may take a question, which must not speak of them."""

    def write(self, value: object) -> object:
        """The tree of a value that the next message will hold. Raises ValueError if it is nested too deep."""
        before = dict(self._trees)
        try:
            tree = wire.write(value, self._refer, self._number, self._writes_deep)
            self._write_containers(self._refer)
        except BaseException:
            self._trees = before
            self._withdraw()
            raise
        return tree

    def write_of(self, owner: object, value: object) -> object:
        """The same of what `owner` holds, unless the other side has it anyway."""
        tree = self.write(value)
        self._owners |= {number: owner for number in self._trees if not self._shared[number].told}
        return tree

    def send(self, message: dict[str, object]) -> None:
        """Send this with all that changed. Raises ValueError, and has told nothing, if that is too long."""
        self._unwritten += self._shared.keys() - self._arriving
        try:
            self._write_containers(self._refer_any)
            news = {
                number: tree
                for number, tree in self._trees.items()
                if tree is not None and self._shared[number].is_news(tree)
            }
            self._drop()
            self._connection.send({**message, "states": list(news.items()), "dropped": self._dropped})
        except BaseException:
            self._trees = {}
            self._withdraw()
            raise
        for number in news.keys() & self._shared.keys():
            self._shared[number].tell(partial(news.get, number))
        self._trees, self._dropped = {}, []

    @contextmanager
    def reading(self, message: dict[str, Any]) -> Iterator[Callable[[object], Any]]:
        """What reads the trees of a message that came, once its containers are as it says."""
        states, dropped = dict(message["states"]), set(message["dropped"])
        arriving = states.keys() | dropped
        self._arriving |= arriving
        try:
            self._fill(states)
            yield self._read
            for number in (states.keys() - dropped) & self._shared.keys():
                self._shared[number].tell(partial(self._as_read, number))
        finally:
            self._arriving -= arriving
            for number in dropped:
                self._forget(number)

    def _read(self, tree: object) -> Any:
        return wire.read(tree, self._resolve, self._find, self._reads_deep)

    def _as_read(self, number: int) -> object:
        return wire.write_members(
            self._find(number), self._refer_any, self._known, wire.MOST_ASKED, self._has_been_told
        )

    def _number(self, container: Any) -> int:
        number = self._numbers.get(id(container))
        if number is not None and self._shared[number].is_recast():
            self._cast_off(number)
            number = None
        if number is None:
            number, self._next = self._next, self._next + self._step
            self._admit(number, container)
        self._unwritten.append(number)
        return number

    def _known(self, container: Any) -> int:
        return self._numbers[id(container)]

    def _has_been_told(self, container: object) -> bool:
        shared = self._shared.get(self._numbers.get(id(container), 0))
        return shared is not None and shared.told and not shared.is_recast()

    def _admit(self, number: int, container: Any) -> None:
        self._shared[number], self._numbers[id(container)] = share(container), number

    def _find(self, number: int) -> Any:
        return self._shared[number].value

    def _write_containers(self, refer: wire.Refer) -> None:
        while self._unwritten:
            number = self._unwritten.pop()
            if number not in self._trees:
                self._trees[number] = None
                if not self._shared[number].is_as_told():
                    self._trees[number] = self._members_of(self._shared[number], refer)

    def _members_of(self, shared: Shared, refer: wire.Refer) -> object:
        """None for a container that was told once and holds now what is nested too deep: it stays as told."""
        shared.look_for_owner(self._has_been_told)
        try:
            return wire.write_members(
                shared.value, refer, self._number, self._writes_deep, self._has_been_told
            )
        except ValueError:
            if not shared.told:
                raise
            return None

    def _withdraw(self) -> None:
        """Share no more what the other side was not told of, as it will not be."""
        self._unwritten.clear()
        for number, shared in list(self._shared.items()):
            if not shared.told and number not in self._trees and number not in self._arriving:
                self._forget(number)

    def _drop(self) -> None:
        """Stop sharing what nothing else here holds: nobody can change it any more or ask for it.

        So too an array that was given another shape, which the other side's cannot get. Containers come
        before those within them, mostly; it takes another pass for the others.
        """
        found = True
        while found:
            found = False
            for number in list(self._shared):
                shared = self._shared[number]
                if number not in self._arriving and (shared.is_recast() or shared.is_loose()):
                    self._cast_off(number)
                    found = True

    def _cast_off(self, number: int) -> None:
        self._forget(number)
        self._dropped.append(number)

    def _forget(self, number: int) -> None:
        self._owners.pop(number, None)
        shared = self._shared.pop(number, None)
        if shared is not None:
            del self._numbers[id(shared.value)]

    def _fill(self, states: dict[int, Any]) -> None:
        for number, tree in states.items():
            if number not in self._shared:
                if type(number) is not int or number * self._step >= 0:
                    raise ValueError("a new container under a number of this side")
                container = wire.container_for(tree, self._resolve, self._find, self._reads_deep)
                self._admit(number, container)
                self._shared[number].is_of_other_side()
            if not containers.is_for(tree, self._find(number)):
                raise ValueError("a container that is of another type now")
        held = {
            number: self._held(number)
            for number in states.keys() & self._owners.keys()
            if not self._shared[number].is_loose()
        }
        for number, tree in states.items():
            wire.read_members(tree, self._find(number), self._resolve, self._find, self._reads_deep)
        for number, before in held.items():
            self.altered(self._owners[number], before, self._held(number))

    def _held(self, number: int) -> list[object]:
        """What it leads to: the keys of a dict are but names."""
        container = self._find(number)
        if type(container) is arrays.kind():
            return [container]
        return list(container.values() if isinstance(container, dict) else container)
