"""Run pytest on files that exist in memory only, beside a program that lives in another jail.

The files need no directory, so this works where nothing can be written; a test that wants `tmp_path` needs a
scratch directory. Needs pytest in the packages of the tests' jail.
"""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import linecache
import pkgutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import CodeType, ModuleType
from typing import Any

from sandbox_runner.jail.remote.frames import Connection
from sandbox_runner.jail.remote.tests_side import findings, reflection
from sandbox_runner.jail.remote.tests_side.abilities import adopt
from sandbox_runner.jail.remote.tests_side.findings import Ended, Findings
from sandbox_runner.jail.remote.tests_side.link import Link
from sandbox_runner.jail.remote.tests_side.module import RemoteModule

_ROOT = "/tests"
_OFTEN_REPLACED = ("time", "random", "datetime", "subprocess", "shutil", "uuid", "secrets", "math", "os.path")
_UNEXPECTED_SUCCESS = "[XPASS(strict)]"
_OPTIONS = (
    "-p",
    "no:cacheprovider",
    "-c",
    "/dev/null",
    "--rootdir=/",
    "--capture=sys",  # the other way needs a temporary file
    "--color=no",
    "--tb=short",
    "-q",
)


def warm_up() -> None:
    """Import all of pytest: in the jail its files may be out of reach, and a fork gets them for nothing."""
    for name in (*_OFTEN_REPLACED, "unittest.mock"):
        importlib.import_module(name)
    for name in ("pytest", "_pytest", "pluggy", "iniconfig", "packaging"):
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{name}."):
            if not found.name.endswith("__main__"):
                importlib.import_module(found.name)


def run_pytest(
    files: Mapping[str, str],
    connection: Connection,
    names: Iterable[str] = ("solution",),
    scratch: str | None = None,
) -> Findings:
    """Run the tests of `files`; they import the program by any of `names`."""
    import pytest  # noqa: PLC0415 - only this jail's packages have it

    reflection.install(files.values())
    link = Link(connection, adopt, scratch)
    known = frozenset(names)
    for name in known:
        sys.modules[name] = RemoteModule(name, link)
    sys.meta_path.insert(0, _MemoryFinder(files))
    for name, text in files.items():
        linecache.cache[_path(name)] = (len(text), None, text.splitlines(keepends=True), _path(name))
    watcher = _Watcher(files, link)
    options: list[str] = [*_OPTIONS]
    plugins: list[object] = [watcher]
    if scratch is not None and any("tmp" in text for text in files.values()):
        # Else that directory would be locked and swept by files of pytest's own.
        options.append(f"--basetemp={scratch}/pytest")
        plugins.append(_directories())
    try:
        pytest.main(options, plugins=plugins)
    except BaseException as error:  # noqa: BLE001 - whatever a hook of the tests was left by is the finding
        watcher.take_end(error)
    return watcher.findings(known)


def _directories() -> object:
    """A plugin whose directories do not tell the program the names of tests and what they expect for what."""
    import pytest  # noqa: PLC0415

    class Directories:
        @pytest.fixture
        def tmp_path(self, tmp_path_factory: Any) -> Path:
            made: Path = tmp_path_factory.mktemp("test")
            return made

    return Directories()


class _Watcher:
    """A plugin that collects from memory and counts what happened."""

    def __init__(self, files: Mapping[str, str], link: Link) -> None:
        self._files = files
        self._link = link
        self._asked_before = 0
        self._passed = self._failed = self._skipped = 0
        self._first: BaseException | None = None
        self._unjudgeable = ""
        """Why no program could pass."""

    def findings(self, names: frozenset[str]) -> Findings:
        paths = frozenset(_path(name) for name in self._files)
        found = findings.of_end(self._link, self._first, paths, names)
        if self._unjudgeable:
            found = Findings(Ended.TEST_FAULT, text=self._unjudgeable)
        if found.ended is Ended.PASSED and (self._failed or not self._passed):
            found = Findings(Ended.TEST_FAULT, text=self._why_nothing_passed())
        return Findings(
            found.ended,
            found.type,
            found.text,
            found.line,
            found.source,
            found.weak,
            self._passed,
            self._failed,
            self._skipped,
        )

    def _why_nothing_passed(self) -> str:
        if self._failed:
            return "a test failed without an exception"
        return "every test was skipped" if self._skipped else "there are no tests in these files"

    def pytest_configure(self, config: Any) -> None:
        for name in sorted(self._files):
            if PurePosixPath(name).name == "conftest.py":
                # By another name than its own, under which pytest would look for its directory.
                config.pluginmanager.register(importlib.import_module(_module_name(name)), f"memory:{name}:")

    def pytest_collection(self, session: Any) -> bool:
        session.items = []
        for name in sorted(self._files):
            if _is_test_file(name):
                self._collect(session, name)
        session.config.hook.pytest_collection_modifyitems(
            session=session, config=session.config, items=session.items
        )
        session.config.hook.pytest_collection_finish(session=session)
        session.testscollected = len(session.items)
        return True

    def _collect(self, session: Any, name: str) -> None:
        import pytest  # noqa: PLC0415

        class MemoryModule(pytest.Module):
            def _getobj(self) -> ModuleType:
                try:
                    return importlib.import_module(_module_name(name))
                except SyntaxError as error:
                    raise self.CollectError(str(error)) from error

        module = MemoryModule.from_parent(session, path=Path(_path(name)))
        session.items.extend(session.genitems(module))

    def pytest_runtest_logstart(self) -> None:
        self._asked_before = self._link.questions()

    def pytest_runtest_makereport(self, call: Any) -> None:
        """One that skips itself once it has asked the program may do so by what that answered."""
        import pytest  # noqa: PLC0415

        ended = call.excinfo and call.excinfo.value
        skipped = isinstance(ended, pytest.skip.Exception | pytest.xfail.Exception)
        self._link.weak |= skipped and self._link.questions() > self._asked_before

    def pytest_pyfunc_call(self, pyfuncitem: Any) -> None:
        """Asked before pytest, which fails such a test, and after a `conftest.py` that could run it."""
        if inspect.iscoroutinefunction(pyfuncitem.obj) or inspect.isasyncgenfunction(pyfuncitem.obj):
            self._take_for_async(pyfuncitem)

    def pytest_runtest_call(self, item: Any) -> None:
        """Of a plain test case: those pass, as nobody awaits them."""
        kind = getattr(item, "cls", None)
        is_plain = hasattr(kind, "assertEqual") and not hasattr(kind, "asyncSetUp")
        if is_plain and inspect.iscoroutinefunction(item.obj):
            self._take_for_async(item)

    def _take_for_async(self, item: Any) -> None:
        self._unjudgeable = f"{item.name} is an async function, which pytest runs by no means of its own"

    def pytest_exception_interact(self, call: Any) -> None:
        import pytest  # noqa: PLC0415

        if self._first is None:
            error = call.excinfo.value
            # By its class: the program may raise one of that name.
            self._first = error.__cause__ if isinstance(error, pytest.Collector.CollectError) else error

    def pytest_internalerror(self, excinfo: Any) -> None:
        self.take_end(excinfo.value)

    def take_end(self, error: BaseException) -> None:
        """pytest ends here, whatever is left to be tested."""
        self._failed += 1
        self._first = self._first or error

    def pytest_collectreport(self, report: Any) -> None:
        self._failed += report.failed
        self._skipped += report.skipped

    def pytest_runtest_logreport(self, report: Any) -> None:
        expected_failure = hasattr(report, "wasxfail")
        self._failed += report.failed
        self._skipped += report.skipped or expected_failure
        self._passed += report.when == "call" and report.passed and not expected_failure
        if report.failed and str(report.longrepr).startswith(_UNEXPECTED_SUCCESS):
            self._first = self._first or AssertionError(str(report.longrepr))


class _MemoryFinder(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports from the files by their names, with asserts that explain themselves."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {
            _module_name(name): (name, text) for name, text in files.items() if name.endswith(".py")
        }

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        is_package = any(known.startswith(f"{name}.") for known in self._files)
        if name not in self._files and not is_package:
            return None
        return importlib.util.spec_from_loader(name, self, is_package=is_package)

    def is_package(self, name: str) -> bool:
        return any(known.startswith(f"{name}.") for known in self._files)

    def get_source(self, name: str) -> str:
        return self._files[name][1] if name in self._files else ""

    def get_code(self, name: str) -> CodeType | None:
        from _pytest.assertion.rewrite import rewrite_asserts  # noqa: PLC0415

        source = self.get_source(name)
        path = _path(self._files[name][0]) if name in self._files else name
        tree = reflection.asking_for_types(ast.parse(source, path))
        rewrite_asserts(tree, source.encode("utf-8", "surrogatepass"), path)
        return compile(tree, path, "exec", dont_inherit=True)


def _is_test_file(name: str) -> bool:
    stem = PurePosixPath(name)
    return stem.suffix == ".py" and (stem.name.startswith("test_") or stem.stem.endswith("_test"))


def _module_name(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _path(name: str) -> str:
    return f"{_ROOT}/{name}"
