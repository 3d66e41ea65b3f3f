"""What tests replace of the standard library, and what the program is told of it.

Not covered: what tests replace by an assignment, and so what neither mocks nor pytest know of.
"""

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from types import ModuleType
from typing import Any

from sandbox_runner.jail.remote.standing import ABSENT, Change, Place, Standing, at, module_or_class
from sandbox_runner.jail.remote.surroundings import CALLED

_STREAMS = frozenset({"stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__"})
_TOLD_OTHERWISE = {
    "sys": _STREAMS | {"argv", "path", "modules", "meta_path", "path_hooks", "path_importer_cache"},
    "builtins": frozenset(CALLED),
    "os": frozenset({"environ"}),
}
_BOTH_HAVE = frozenset({"numpy", *sys.stdlib_module_names}) - {"unittest"}


class TestsPatches(Standing):
    """It looks only after something was replaced or put back."""

    __test__ = False  # not a test of ours

    def __init__(self) -> None:
        super().__init__()
        monkeys = sys.modules.get("_pytest.monkeypatch")
        if monkeys is not None:  # then it is warm too, or the tests will import it
            importlib.import_module("unittest.mock")
        mocks = sys.modules.get("unittest.mock")
        self._told: dict[Place, object] = {}
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
        self.now = {place: value for place, value in stand_ins.items() if value is not ABSENT}

    def _stand_in(self, place: Place) -> object:
        value = at(place)
        return ABSENT if value is self.first[place] else value

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


def _replaced_by_mock(patcher: Any) -> Iterator[tuple[object, str, object]]:
    if hasattr(patcher, "is_local"):  # it has been entered
        yield patcher.target, patcher.attribute, patcher.temp_original if patcher.is_local else ABSENT


def _replaced_by_pytest(patcher: Any) -> Iterator[tuple[object, str, object]]:
    for target, name, first in patcher._setattr[-1:]:  # noqa: SLF001
        yield target, name, ABSENT if type(first).__module__.startswith("_pytest") else first


def _place(target: object) -> tuple[str, str] | None:
    """Module and class, if the other side has them under these names."""
    if type(target) is ModuleType:
        module, name = target.__name__, ""
    elif isinstance(target, type):
        module, name = target.__module__, target.__qualname__
    else:
        return None
    both = module.partition(".")[0] in _BOTH_HAVE
    return (module, name) if both and module_or_class(module, name) is target else None
