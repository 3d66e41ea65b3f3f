"""The program as a module that tests import, and its names as globals of test code.

The program chooses its names. None may take the place of what the tests would use to judge it.
"""

import builtins
import importlib
import linecache
import re
import sys
from collections.abc import Container, Iterator, Mapping
from types import ModuleType
from typing import Any

from sandbox_runner.jail import warm
from sandbox_runner.jail.remote import wire
from sandbox_runner.jail.remote.tests_side import aids, script
from sandbox_runner.jail.remote.tests_side.abilities import adopt
from sandbox_runner.jail.remote.tests_side.link import Link
from sandbox_runner.jail.remote.tests_side.proxy import Remote

# Modules that test code uses without importing them, because the program did. Never the program's.
_OURS = frozenset(
    {"collections", "copy", "decimal", "fractions", "functools", "itertools", "json", "math", "operator"}
    | {
        "random",
        "re",
        "statistics",
        "string",
        "numpy",
        "asyncio",
        "contextlib",
        "datetime",
        "pytest",
        "unittest",
    }
)
_ALIASES = {"np": "numpy"}
_WORD = re.compile(r"\w+")
_FIXTURES = {f"{when}{what}" for when in ("setup", "teardown") for what in ("module", "function")}


class _Names(Mapping[str, Any]):
    """The module's names as what replaces one for a while, such as `monkeypatch`, looks them up."""

    def __init__(self, module: "RemoteModule", link: Link) -> None:
        self._module = module
        self._link = link

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self._module, name)
        except AttributeError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in _offered(self._link))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class RemoteModule(ModuleType):
    """The program's module. Its names are asked for when they are used."""

    _remote_link: Link
    _remote_module: Any

    def __init__(self, name: str, link: Link) -> None:
        super().__init__(name)
        module = adopt(link, {"object": wire.MODULE, "name": name, "can": [], "classes": []})
        super().__setattr__("_remote_link", link)
        super().__setattr__("_remote_module", module)

    @property
    def __dict__(self) -> Mapping[str, Any]:  # type: ignore[override]
        return _Names(self, self._remote_link)

    def __dir__(self) -> list[str]:
        return sorted(("__doc__", "__name__", *self.__dict__))

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            # `import *` comes from here: it must not replace what a test file has imported before.
            importing = sys._getframe(1)  # noqa: SLF001
            offered = own_names(self._remote_link)
            names = [name for name in offered if name not in importing.f_globals and not _steers(name)]
            imported = _imported(self._remote_link, importing.f_globals)
            importing.f_globals.update(pair for pair in [*imported] if not _steers(pair[0]))
            source = "".join(linecache.getlines(importing.f_code.co_filename))
            self._remote_link.weak |= aids.decide(names, source, None)
            return names
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = self._remote_link.ask("get", self._remote_module, name)
        self._remote_link.looked_up(name, value)
        return value

    def __setattr__(self, name: str, value: object) -> None:
        self._remote_link.ask("set", self._remote_module, name, value)

    def __delattr__(self, name: str) -> None:
        self._remote_link.ask("delete", self._remote_module, name)


def is_of_program(value: object) -> bool:
    """Whether it is an object of the program, or its module."""
    return Remote in type(value).__mro__ or isinstance(value, RemoteModule)


def own_names(link: Link, entry_point: str | None = None) -> Iterator[str]:
    """Names that the program defines and that shadow nothing: its own `len` must not judge it."""
    for name, origin in _offered(link):
        if name == entry_point or not (_is_ours(name) or _is_import(name, origin)):
            yield name


def _imported(link: Link, had: Container[str]) -> Iterator[tuple[str, object]]:
    """What the program imported from the library, taken from here."""
    for name, origin in _offered(link):
        if name not in had and _is_import(name, origin):
            found = _standard(name, origin)
            if found is not None:
                yield name, found


def globals_for(module: RemoteModule, link: Link, entry_point: str | None, source: str) -> dict[str, Any]:
    """Globals for test code that uses the program's names as its own, as far as it uses them.

    What the program imported from the standard library is taken from here and not from there: a test that
    calls `math.isclose` without importing it must not call the program's.
    """
    names: dict[str, Any] = {"__name__": script.NAME, "__builtins__": builtins}
    names |= {name: sys.modules[name] for name in _OURS & sys.modules.keys()}
    names |= {alias: sys.modules[name] for alias, name in _ALIASES.items() if name in sys.modules}
    names.update(_imported(link, {entry_point or ""}))
    used = {*_WORD.findall(source), entry_point or ""}  # also those of code in strings
    own = [name for name in own_names(link, entry_point) if name in used]
    link.weak |= aids.decide(own, source, entry_point)
    return names | {name: getattr(module, name) for name in own}


def _offered(link: Link) -> Iterator[tuple[str, str | None]]:
    """What the program says it defines, less what would steer Python, such as `__builtins__`."""
    offered = link.ask("names")
    for pair in offered if isinstance(offered, list) else ():
        match pair:
            case [str() as name, (str() | None) as origin] if name.isidentifier() and not name.startswith(
                "__"
            ):
                yield name, origin


def _is_ours(name: str) -> bool:
    return hasattr(builtins, name) or name in _OURS or name in _ALIASES


def _steers(name: str) -> bool:
    """Whether it would run as a test, a fixture or a hook of pytest once it is imported with all others."""
    lower = name.lower()
    return lower.startswith(("test", "pytest")) or lower.replace("_", "") in _FIXTURES


def _is_on_both_sides(origin: str | None) -> bool:
    return wire.is_standard(origin) or (origin or "").partition(".")[0] == "numpy"


def _is_import(name: str, origin: str | None) -> bool:
    """Whether it is a module, or what the library calls so; under another name it is the program's own."""
    if origin is None:
        return False
    return "." not in origin or origin in sys.modules or _standard(name, origin) is not None


def _aliased(name: str, origin: str | None) -> object:
    """A module under another name, as in `import collections as c`."""
    return sys.modules.get(origin or "") if _is_on_both_sides(origin) and not _is_ours(name) else None


def _standard(name: str, origin: str | None) -> object:
    """What the library has under that name at that place."""
    module, _, last = (origin or "").rpartition(".")
    for occasional in warm.OCCASIONAL & {origin, module}:
        importlib.import_module(occasional)
    if last != name:
        return _aliased(name, origin)
    if not _is_on_both_sides(origin):
        return None
    if origin in sys.modules:
        return sys.modules[origin]
    return getattr(sys.modules.get(module), name, None)
