"""The program as a module that tests import, and its names as globals of test code.

The program chooses its names. None may take the place of what the tests would use to judge it.
"""

import builtins
import sys
from collections.abc import Container, Iterator
from types import ModuleType
from typing import Any

from sandbox_runner.jail.remote import wire
from sandbox_runner.jail.remote.link import Link
from sandbox_runner.jail.remote.proxy import adopt
from sandbox_runner.jail.remote.servant import MODULE

# Modules that test code uses without importing them, because the program did. Never the program's.
_OURS = frozenset(
    {"collections", "copy", "decimal", "fractions", "functools", "itertools", "json", "math", "operator"}
    | {"random", "re", "statistics", "string"}
)


class RemoteModule(ModuleType):
    """The program's module. Its names are asked for when they are used."""

    def __init__(self, name: str, link: Link) -> None:
        super().__init__(name)
        self.__dict__["_link"] = link
        self.__dict__["_module"] = adopt(link, {"object": MODULE, "name": name, "can": [], "classes": []})

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            # `import *` comes from here: it must not replace what a test file has imported before.
            importing = sys._getframe(1).f_globals  # noqa: SLF001
            return list(own_names(self._link, taken=importing))
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return self._link.ask("get", self._module, name)

    def __setattr__(self, name: str, value: object) -> None:
        self._link.ask("set", self._module, name, value)


def own_names(link: Link, entry_point: str | None = None, taken: Container[str] = ()) -> Iterator[str]:
    """Names that the program defines and that shadow nothing: its own `len` must not judge it."""
    for name, origin in _offered(link):
        hides = hasattr(builtins, name) or name in _OURS or name in taken or name[:4].lower() == "test"
        if name == entry_point or (origin is None and not hides):
            yield name


def globals_for(module: RemoteModule, link: Link, entry_point: str | None) -> dict[str, Any]:
    """Globals for test code that uses the program's names as its own.

    What the program imported from the standard library is taken from here and not from there: a test that
    calls `math.isclose` without importing it must not call the program's.
    """
    names: dict[str, Any] = {"__name__": "tests", "__builtins__": builtins}
    names |= {name: sys.modules[name] for name in _OURS & sys.modules.keys()}
    for name, origin in _offered(link):
        if origin is not None and name != entry_point and origin.rpartition(".")[2] == name:
            found = _standard(origin)
            if found is not None:
                names[name] = found
    for name in own_names(link, entry_point):
        names[name] = getattr(module, name)
    return names


def _offered(link: Link) -> Iterator[tuple[str, str | None]]:
    """What the program says it defines, less what would steer Python, such as `__builtins__`."""
    offered = link.ask("names")
    for pair in offered if isinstance(offered, list) else ():
        match pair:
            case [str() as name, (str() | None) as origin] if name.isidentifier() and not name.startswith(
                "__"
            ):
                yield name, origin


def _standard(origin: str) -> object:
    if origin in sys.modules and wire.is_standard(origin):
        return sys.modules[origin]
    module, _, name = origin.rpartition(".")
    if module in sys.modules and wire.is_standard(module):
        return getattr(sys.modules[module], name, None)
    return None
