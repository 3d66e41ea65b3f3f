"""Test code as a module, by the names under which code finds itself: its own, and that of a script."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

NAME = "tests"
_NAMES = (NAME, "__main__")


def module_with(names: dict[str, Any], program: ModuleType) -> ModuleType:
    """Whose globals these are. What replaces one that the program has too, replaces it there as well.

    So does `patch("__main__.now")` where program and tests would be one module.
    """
    firsts: dict[str, tuple[object, object]] = {}

    class Script(ModuleType):
        def __setattr__(self, name: str, value: object) -> None:
            if name in list(vars(program)):
                ours, theirs = firsts.setdefault(name, (vars(self).get(name), getattr(program, name)))
                setattr(program, name, theirs if value is ours else value)
            super().__setattr__(name, value)

    script = Script(NAME)
    vars(script).update(names)
    return script


@contextmanager
def known(script: ModuleType) -> Iterator[None]:
    before = {name: sys.modules.get(name) for name in _NAMES}
    sys.modules.update(dict.fromkeys(_NAMES, script))
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
