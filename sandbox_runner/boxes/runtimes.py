"""What a launcher holds ready for its boxes: Python packages, imported beforehand, or toolchains."""

import sys
from dataclasses import dataclass, replace
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

from sandbox_runner.jail.filesystem import SCRATCH


@dataclass(frozen=True, slots=True)
class Runtime:
    name: str
    preload: tuple[str, ...] = ()
    """Modules imported before the first box."""
    search: tuple[str, ...] = ()
    """Directories to find them in, which programs do not search."""
    readable: tuple[str, ...] = ()
    executable: tuple[str, ...] = ()
    """Directories of toolchains; where there are any, programs are executed and not forked."""


_PACKAGE_SETS: dict[str, tuple[str, ...]] = {"stdlib": (), "numpy": ("numpy",)}
# What of them tests use and programs do not.
_FOR_TESTS: dict[str, tuple[str, ...]] = {"numpy": ("numpy.testing",)}
_TEST_PACKAGES = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments")
_REMOTE = "sandbox_runner.jail.remote"
_TESTING = (f"{_REMOTE}.tests_side.code", f"{_REMOTE}.tests_side.pickles")

STDLIB = Runtime("stdlib")


@cache
def python_runtimes() -> dict[str, Runtime]:
    """The package sets that a request may choose from: those installed beside the service.

    What lies below the scratch directory cannot be shown: every box has one of its own in that place.
    """
    found = {name: _with_packages(name, packages, packages) for name, packages in _PACKAGE_SETS.items()}
    return {name: runtime for name, runtime in found.items() if runtime is not None}


@cache
def servant_runtimes() -> dict[str, Runtime]:
    """The same, for programs that answer test code in another jail."""
    return {
        name: _with_ours(runtime, f"{name}, answering", f"{_REMOTE}.program_side.servant")
        for name, runtime in python_runtimes().items()
    }


@cache
def tests_runtimes() -> dict[str, Runtime]:
    """Where test code runs, by the packages of the program; with pytest if it is installed here."""
    return {name: _of_tests(name) for name in python_runtimes()}


def has_pytest() -> bool:
    return bool(tests_runtimes()[STDLIB.name].readable)


def _of_tests(name: str) -> Runtime:
    packages = _PACKAGE_SETS[name]
    preload = (*packages, *_FOR_TESTS.get(name, ()))
    found = _with_packages("", ("pytest", *preload), (*_TEST_PACKAGES, *packages))
    if found is None:
        without = _with_packages("", preload, packages) or Runtime("")
        return _with_ours(without, f"{name}, testing", *_TESTING)
    return _with_ours(found, f"{name}, testing", *_TESTING, f"{_REMOTE}.tests_side.pytest_files")


def _with_ours(runtime: Runtime, name: str, *modules: str) -> Runtime:
    """Have modules of the jail imported beforehand: programs cannot reach the files of the service."""
    ours = str(Path(__file__).parents[2])
    return replace(runtime, name=name, preload=(*runtime.preload, *modules), search=(*runtime.search, ours))


def _with_packages(name: str, preload: tuple[str, ...], packages: tuple[str, ...]) -> Runtime | None:
    places = [_place(package) for package in packages]
    found = [place for place in places if place is not None]
    if len(found) < len(places) or any(place.is_relative_to(SCRATCH) for place in found):
        return None
    # Wheels keep the shared objects that they bring beside the package.
    libraries = [place.with_name(f"{place.name}.libs") for place in found]
    readable = [str(place) for place in (*found, *libraries) if place.exists()]
    search = dict.fromkeys(str(place.parent) for place in found)
    return Runtime(name, preload, tuple(search), tuple(readable))


def _place(package: str) -> Path | None:
    spec = find_spec(package) or PathFinder.find_spec(package, sys.path)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))
