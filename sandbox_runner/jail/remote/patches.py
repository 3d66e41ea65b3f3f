"""What tests replace of the standard library, as by `mock.patch("time.sleep")`: for the program too.

Only of modules that neither side of the conversation uses itself.
"""

import importlib
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

MODULES = ("time", "random", "datetime", "subprocess", "shutil", "uuid", "secrets", "math", "os.path")
Change = list[object]
"""Module and name, and what stands there now, if it is not what stood there first."""


class TestsPatches:
    """The tests' side. It looks only after something was replaced or put back."""

    __test__ = False  # not a test of ours

    def __init__(self) -> None:
        monkeys = sys.modules.get("_pytest.monkeypatch")
        if monkeys is not None:  # then it is warm too, or the tests will import it
            importlib.import_module("unittest.mock")
        mocks = sys.modules.get("unittest.mock")
        loaded = {name: sys.modules[name] for name in MODULES if name in sys.modules}
        self._first = {name: dict(vars(module)) for name, module in loaded.items()}
        self._told: dict[tuple[str, str], object] = {}
        self._touched = False
        if mocks is not None:
            self._watch(mocks._patch, ("__enter__", "__exit__"))  # noqa: SLF001
        if monkeys is not None:
            self._watch(monkeys.MonkeyPatch, ("setattr", "undo"))

    def changes(self, write: Callable[[object], object]) -> list[Change]:
        """What changed since this was last asked."""
        if not self._touched:
            return []
        self._touched, told = False, self._told
        self._told = now = {
            (module, name): value
            for module, names in self._first.items()
            for name, value in vars(sys.modules[module]).items()
            if names.get(name) is not value
        }
        news: list[Change] = [
            [*place, write(value)] for place, value in now.items() if told.get(place) is not value
        ]
        gone: list[Change] = [[*place] for place in told.keys() - now.keys()]
        return news + gone

    def _watch(self, kind: type, methods: Iterable[str]) -> None:
        for name in methods:
            method = getattr(kind, name)
            method = getattr(method, "unwatched", method)

            @wraps(method)
            def watched(*args: Any, _method: Callable[..., Any] = method, **kwargs: Any) -> Any:
                self._touched = True
                return _method(*args, **kwargs)

            watched.unwatched = method  # type: ignore[attr-defined]
            setattr(kind, name, watched)


class ProgramPatches:
    """The program's side."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], object] = {}

    def take_over(self, changes: list[Any], read: Callable[[object], object]) -> None:
        for place, name, *replaced in changes:
            module = importlib.import_module(place)
            if replaced:
                self._first.setdefault((place, name), getattr(module, name, None))
                setattr(module, name, read(replaced[0]))
            else:
                setattr(module, name, self._first.pop((place, name)))
