"""What tests replace of the standard library, as by `mock.patch("time.sleep")`: for the program too.

On either side it stands only while that side's own code runs: what carries the conversation uses the library
itself. Not covered: what tests replace by an assignment, and so what neither mocks nor pytest know of.
"""

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from threading import active_count
from types import ModuleType
from typing import Any

Change = list[object]
"""Module, class if it is of one, and name, and what stands there now, if it is not what stood there first."""
_Place = tuple[str, str, str]

_STREAMS = frozenset({"stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__"})
_TOLD_OTHERWISE = {
    "sys": _STREAMS | {"argv", "path", "modules", "meta_path", "path_hooks", "path_importer_cache"},
    "builtins": frozenset({"input", "print"}),
    "os": frozenset({"environ"}),
}
_BOTH_HAVE = frozenset({"numpy", *sys.stdlib_module_names}) - {"unittest"}
_ABSENT = object()
_vars, _setattr = vars, setattr  # which may be replaced themselves


class _Standing:
    """Stand-ins by their places, and what they stand for."""

    def __init__(self) -> None:
        self.first: dict[_Place, object] = {}
        self.now: dict[_Place, object] = {}
        self._stands = False

    def put(self) -> None:
        for place, value in self.now.items():
            owner = _owner(place)
            if place not in self.first:
                self.first[place] = _vars(owner).get(place[2], _ABSENT)
            _setattr(owner, place[2], value)

    def lift(self) -> None:
        """What somebody else has put there since is not ours to take away."""
        for place, value in self.now.items():
            owner = _owner(place)
            if _vars(owner).get(place[2], _ABSENT) is value:
                _restore(owner, place[2], self.first[place])

    @contextmanager
    def lifted(self) -> Iterator[None]:
        stood, self._stands = self._stands, False
        self.lift()
        try:
            yield
        finally:
            self._stands = stood
            self.put()

    @contextmanager
    def standing(self) -> Iterator[None]:
        stood, self._stands = self._stands, True
        self.put()
        try:
            yield
        finally:
            self._stands = stood
            if not stood:
                self.lift()


class TestsPatches(_Standing):
    """The tests' side. It looks only after something was replaced or put back."""

    __test__ = False  # not a test of ours

    def __init__(self) -> None:
        super().__init__()
        monkeys = sys.modules.get("_pytest.monkeypatch")
        if monkeys is not None:  # then it is warm too, or the tests will import it
            importlib.import_module("unittest.mock")
        mocks = sys.modules.get("unittest.mock")
        self._told: dict[_Place, object] = {}
        self._touched = False
        if mocks is not None:
            self._watch(mocks._patch, ("__enter__", "__exit__"), _replaced_by_mock)  # noqa: SLF001
        if monkeys is not None:
            self._watch(monkeys.MonkeyPatch, ("setattr", "undo"), _replaced_by_pytest)

    def lift(self) -> None:
        """What stands now: a function of the tests may have put something back meanwhile."""
        self._look()
        super().lift()

    def changes(self, write: Callable[[object], object]) -> list[Change]:
        """What changed since this was last asked."""
        if not self._touched:
            return []
        self._touched, told = False, self._told
        self._look()
        self._told = self.now
        news: list[Change] = [
            [*place, write(value)] for place, value in self.now.items() if told.get(place) is not value
        ]
        gone: list[Change] = [[*place] for place in told.keys() - self.now.keys()]
        return news + gone

    def _look(self) -> None:
        stand_ins = {place: self._stand_in(place) for place in self.first}
        self.now = {place: value for place, value in stand_ins.items() if value is not _ABSENT}

    def _stand_in(self, place: _Place) -> object:
        value = _vars(_owner(place)).get(place[2], _ABSENT)
        return _ABSENT if value is self.first[place] else value

    def _note(self, target: object, name: str, first: object) -> None:
        found = _place(target)
        if found is not None and name not in _TOLD_OTHERWISE.get(found[0] if not found[1] else "", ()):
            self.first.setdefault((*found, name), first)

    def _watch(self, kind: type, methods: Iterable[str], replaced: Callable[[Any], Any]) -> None:
        for name in methods:
            method = getattr(kind, name)
            method = getattr(method, "unwatched", method)

            @wraps(method)
            def watched(by: Any, *args: Any, _method: Callable[..., Any] = method, **kwargs: Any) -> Any:
                self._touched = True
                returned = _method(by, *args, **kwargs)
                for each in replaced(by):
                    self._note(*each)
                return returned

            watched.unwatched = method  # type: ignore[attr-defined]
            setattr(kind, name, watched)


class ProgramPatches(_Standing):
    """The program's side."""

    def aside(self) -> AbstractContextManager[None]:
        """Lifted, but not while other threads run: they would meet the library itself meanwhile."""
        return self.lifted() if active_count() == 1 else nullcontext()

    def take_over(self, changes: list[Any], read: Callable[[object], object]) -> None:
        with self.lifted() if self._stands else nullcontext():
            for module, kind, name, *replaced in changes:
                place = (module, kind, name)
                if replaced:
                    importlib.import_module(module)
                    self.now[place] = read(replaced[0])
                else:
                    self.now.pop(place, None)
                    self.first.pop(place, None)


def _replaced_by_mock(patcher: Any) -> Iterator[tuple[object, str, object]]:
    if hasattr(patcher, "is_local"):  # it has been entered
        yield patcher.target, patcher.attribute, patcher.temp_original if patcher.is_local else _ABSENT


def _replaced_by_pytest(patcher: Any) -> Iterator[tuple[object, str, object]]:
    for target, name, first in patcher._setattr[-1:]:  # noqa: SLF001
        yield target, name, _ABSENT if type(first).__module__.startswith("_pytest") else first


def _place(target: object) -> tuple[str, str] | None:
    """Module and class, if the other side has them under these names."""
    if type(target) is ModuleType:
        module, name = target.__name__, ""
    elif isinstance(target, type):
        module, name = target.__module__, target.__qualname__
    else:
        return None
    both = module.partition(".")[0] in _BOTH_HAVE
    return (module, name) if both and _found(module, name) is target else None


def _found(module: str, name: str) -> object:
    owner = sys.modules.get(module)
    return getattr(owner, name, None) if name else owner


def _owner(place: _Place) -> Any:
    return _found(place[0], place[1])


def _restore(owner: Any, name: str, first: object) -> None:
    if first is _ABSENT:
        delattr(owner, name)
    else:
        _setattr(owner, name, first)
