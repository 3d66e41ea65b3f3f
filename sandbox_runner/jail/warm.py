"""What the launcher imports once, so that no test pays for it."""

import atexit
import gc
import importlib
import os
import site
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

from sandbox_runner.jail import holes

# Every fork pays for what is here, and every program that imports something else pays for that.
_USUAL = """
abc array bisect collections collections.abc contextlib copy ctypes dataclasses enum functools gc heapq
io itertools json linecache math operator os random re signal string struct sys textwrap threading time
traceback types typing
"""
# Imported in the box of a program that speaks of them, once for all its tests.
_NAMED = """
cmath datetime decimal fractions inspect pathlib shutil statistics unicodedata
"""
_SPELLED = {
    **{name: name for name in _NAMED.split()},
    "import queue": "queue",  # which alone is a name of variables too
    "from queue": "queue",
    "dataclass": "inspect",  # asked how each class is called
}
OCCASIONAL = frozenset(_SPELLED.values())
_WORDS = tuple((word.encode(), name) for word, name in sorted(_SPELLED.items()))

_STANDARD_FILES = (
    ("stdin", 0, "r", "surrogateescape"),
    ("stdout", 1, "w", "surrogateescape"),
    ("stderr", 2, "w", "backslashreplace"),
)


# Symbols bound late are pages that every fork would copy; a thread in the launcher would make forks unsafe.
ENVIRONMENT = {"LD_BIND_NOW": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class _Inspect(ModuleType):
    """Stands for `inspect`, which is imported when somebody looks into it for more than dataclasses need."""

    @staticmethod
    def get_annotations(kind: type) -> dict[str, object]:
        """Asked by Python 3.13 for each class."""
        return dict(vars(kind).get("__annotations__", {}))

    def __getattr__(self, name: str) -> object:
        return getattr(importlib.import_module(self.__name__), name)


def import_dataclasses() -> None:
    """Without `inspect`, which is a ninth of all that a start brings into memory.

    It is asked how a class is called that has no docstring, so those of the jail have one.
    """
    sys.modules["inspect"] = _Inspect("inspect")
    importlib.import_module("dataclasses")
    del sys.modules["inspect"]


def import_modules(preload: Sequence[str], search: Sequence[str]) -> None:
    """Import what is usual and what is asked for, perhaps from directories that programs do not search."""
    with no_fork_hooks():
        for name in _USUAL.split():
            importlib.import_module(name)
        sys.path += search
        for name in preload:
            module = importlib.import_module(name)
            getattr(module, "warm_up", lambda: None)()  # what of it is imported late
        del sys.path[len(sys.path) - len(search) :]
    _copy_plainly()
    for name in ENVIRONMENT:  # programs see a boring environment
        del os.environ[name]  # noqa: TID251


def add_usual_builtins() -> None:
    """`exit`, `quit`, `help`: programs end by them, and `site` did not add them under -S."""
    site.setquit()
    site.sethelper()
    site.setcopyright()


def import_occasional_modules(source: bytes) -> None:
    wanted = [name for word, name in _WORDS if word in source]
    if wanted:
        with no_fork_hooks():
            for name in wanted:
                importlib.import_module(name)
        _copy_plainly()
    gc.freeze()


def _copy_plainly() -> None:
    """Let `shutil` copy files without their modes and times, which are refused: `copy` would fail."""
    shutil = sys.modules.get("shutil")
    if shutil is not None:
        shutil.copymode = shutil.copystat = _leave_alone  # type: ignore[attr-defined]


def _leave_alone(src: object, dst: object, *, follow_symlinks: bool = True) -> None:
    """What a file system without modes and times would do."""


def open_standard_files() -> None:
    """Make the streams that tests inherit; each test puts its own files under the descriptors.

    They are as the interpreter makes them at its start: ends of lines are not translated.
    """
    for name, descriptor, mode, errors in _STANDARD_FILES:
        lines = 1 if name == "stderr" else -1
        stream = open(  # noqa: SIM115
            descriptor, mode, lines, encoding="utf-8", errors=errors, newline="\n", closefd=False
        )
        stream.buffer.raw.name = f"<{name}>"  # type: ignore[attr-defined]
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def settle() -> None:
    """Forget what our modules wanted done at exit, and leave memory as forks should find it.

    Hidden from the collector: a collection in a child would copy every page.
    """
    atexit._clear()  # noqa: SLF001
    gc.collect()
    gc.disable()
    holes.fill()
    gc.freeze()


@contextmanager
def no_fork_hooks() -> Iterator[None]:
    """Let nothing register to run in every child.

    `random` would reseed itself, and tests start from one state; `threading` would rebuild what is intact.
    """
    register = os.register_at_fork
    os.register_at_fork = lambda **_: None
    try:
        yield
    finally:
        os.register_at_fork = register
