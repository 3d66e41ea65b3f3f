"""One test: what happens in the forked child once it is confined.

Every function here runs in a process that is thrown away. Nothing in its memory is secret: it holds the
program, this test's input, and the interpreter.
"""

import _thread
import atexit
import builtins
import gc
import linecache
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from types import CodeType, ModuleType
from typing import Any, NoReturn, TextIO

from sandbox_runner.jail import credentials, libc, limits, messages, report, values, warm
from sandbox_runner.jail.confinement import REPORT_FD, TestWalls
from sandbox_runner.jail.filesystem import SCRATCH
from sandbox_runner.jail.limits import Limits
from sandbox_runner.jail.solution import Solution

_FAILED = 1
# Code grows when it is compiled, though never by this much.
_CODE_GROWTH = 16
_READING_REQUESTS = (messages.SCRIPT, messages.SERVE)
# Made once in the launcher: a fork pays for every page that it touches.
_SCRIPT_MODULE, _CALLED_MODULE = ModuleType("__main__"), ModuleType("solution")
_SCRIPT_MODULE.__dict__.update(__builtins__=builtins, __file__=report.FILE_NAME)
_UNUSED = tuple((module, module.__dict__.copy()) for module in (_SCRIPT_MODULE, _CALLED_MODULE))


class PythonProgram:
    """A program that each test runs in a fork of its box."""

    outgrows = False

    def __init__(self, solution: Solution, bounds: Limits, *, isolated: bool) -> None:
        source = solution.source
        limits.apply(bounds, max(bounds.file_bytes, _CODE_GROWTH * len(source)))
        self.compiles = True
        self._bounds = bounds
        self._isolated = isolated
        self._solution = solution
        # Read by the few programs that quote themselves, as `inspect.getsource` does.
        linecache.cache[report.FILE_NAME] = (partial(source.decode, "utf-8", "replace"),)
        warm.import_occasional_modules(source)
        self._shares = bounds.processes > 1 and b"multiprocessing" in source
        self._walls = TestWalls(bounds, isolated=isolated, begin=solution.begin)
        self._has_files = False

    def prepare(self, request: bytes) -> Limits:
        if self.compiles:
            self._solution.load()
            self.compiles = self._solution.code is None
        return self._bounds

    def take(self, files: Mapping[str, bytes]) -> None:
        self._has_files = True

    def be_test(self, request: bytes, streams: tuple[int, ...]) -> NoReturn:
        if not self._isolated:  # elsewhere the kernel ends the whole namespace with its first process
            credentials.die_with_parent()
        given = b""
        if request not in _READING_REQUESTS:
            given = messages.read_whole(streams[0])
            os.dup2(0, streams[0])  # a called function reads nothing
        # Without its clock.
        kept = streams[: messages.MAX_DESCRIPTORS - 1]
        connection = self._walls.enclose(kept, self._solution.first_foreign_fd)
        if self._shares:
            _track_nothing()
        if self._has_files:
            sys.path.insert(0, SCRATCH)  # here and not in the box, which must import nothing of them
        if request == messages.SCRIPT:
            run_script(self._solution)
        if request == messages.SERVE:
            run_servant(self._solution, connection, SCRATCH if self._isolated else None)
        run_call(self._solution, request.decode(), given)

    def compiling_cpu_s(self) -> float:
        return self._solution.compiling_cpu_s()

    def settle(self, request: bytes, status: int) -> bool:
        return self._solution.is_compiled()


def _track_nothing() -> None:
    """Spare shared memory the process that cleans up after it: the box does, and executes nothing."""
    from multiprocessing import resource_tracker  # noqa: PLC0415 - for the few programs that will

    resource_tracker._resource_tracker._fd = os.open(os.devnull, os.O_WRONLY)  # type: ignore[attr-defined]  # noqa: SLF001


def renew_modules() -> None:
    """Make what programs are run in as if none had been."""
    for module, members in _UNUSED:
        module.__dict__.clear()
        module.__dict__.update(members)


def run_script(solution: Solution) -> NoReturn:
    """Run the program as a script that reads standard input."""
    code = _compiled(solution)
    sys.modules["__main__"] = _SCRIPT_MODULE
    members, streams = _SCRIPT_MODULE.__dict__, (sys.stdout, sys.stderr)
    try:
        exec(code, members)  # noqa: S102
        status = 0
    except BaseException as error:  # noqa: BLE001 - every ending of a program is reported
        status = _status_of_script(error, solution)
    _flush(streams)  # while all is there that a stream of the program's own needs for it
    if _thread._count():  # noqa: SLF001
        with suppress(BaseException):
            threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001
    if atexit._ncallbacks():  # noqa: SLF001
        with suppress(BaseException):
            atexit._run_exitfuncs()  # noqa: SLF001
        _flush(streams)
    try:  # noqa: SIM105 - `suppress` touches ten pages, for every test
        _let_go(members, solution)
    except BaseException:  # noqa: BLE001, S110 - what a program's objects raise when they go
        pass
    if b"ctypes" in solution.source:
        libc.flush_streams()
    _leave(status, streams)


def run_call(solution: Solution, entry_point: str, given: bytes) -> NoReturn:
    """Call one function of the program and report what it returned.

    Arguments are decoded once the program is compiled: what they need says nothing of its compiling.
    """
    code = _compiled(solution)
    sys.modules["solution"] = _CALLED_MODULE
    members, streams = _CALLED_MODULE.__dict__, (sys.stdout, sys.stderr)
    try:
        arguments: Any = values.decode(given)
        exec(code, members)  # noqa: S102
        args, kwargs, looks, truth = arguments
        returned = _find(members, entry_point)(*args, **kwargs)
        report.write_seen(REPORT_FD, returned, looks, truth=truth)
        status = 0
    except BaseException as error:  # noqa: BLE001 - every ending of a program is reported
        status = _status_of(error, solution)
    _leave(status, streams)


def run_servant(solution: Solution, connection: int, scratch: str | None) -> NoReturn:
    """Run the program, then let test code in another jail use it."""
    # Only launchers that serve tests have these imported.
    from sandbox_runner.jail.remote.program_side import servant  # noqa: PLC0415
    from sandbox_runner.jail.remote.program_side.environment import ProgramEnvironment  # noqa: PLC0415

    environment = ProgramEnvironment(scratch)
    code = _compiled(solution)
    sys.modules["solution"] = _CALLED_MODULE
    members, streams = _CALLED_MODULE.__dict__, (sys.stdout, sys.stderr)
    try:
        exec(code, members)  # noqa: S102
        servant.serve(connection, members, environment)
        status = 0
    except BaseException as error:  # noqa: BLE001 - every ending of a program is reported
        status = _status_of(error, solution)
    _leave(status, streams)


def _compiled(solution: Solution) -> CodeType:
    if solution.code is not None:
        return solution.code
    try:
        return solution.compile()
    except BaseException as error:  # noqa: BLE001 - whatever the compiler raised is the verdict
        report.write_error(REPORT_FD, error)
        os._exit(_FAILED)


def _find(members: dict[str, Any], entry_point: str) -> Callable[..., object]:
    """The function of that name, or the method of a class `Solution`, as on LeetCode.

    The method also where the other was only imported, as `merge` is by `from heapq import *`.
    """
    found = members.get(entry_point)
    is_own = getattr(found, "__module__", None) == _CALLED_MODULE.__name__
    if "Solution" in members and (
        found is None or (not is_own and hasattr(members["Solution"], entry_point))
    ):
        found = getattr(members["Solution"](), entry_point, None)
    if found is None:
        raise NameError(f"{report.FILE_NAME} defines no function {entry_point!r}")
    function: Callable[..., object] = found
    return function


def _status_of_script(error: BaseException, solution: Solution) -> int:
    """The exit status that the interpreter would give, which leaves errors to the program's own hook."""
    if isinstance(error, SystemExit) or sys.excepthook is sys.__excepthook__:
        return _status_of(error, solution)
    try:
        _remember(solution.source)
        sys.excepthook(type(error), error, report.from_user_frame(error))
    except SystemExit as leaving:
        return _exit_status(leaving.code)
    except BaseException:  # noqa: BLE001 - the error itself says more than what its hook raised
        return _status_of(error, solution)
    _report(error)
    return _FAILED


def _status_of(error: BaseException, solution: Solution) -> int:
    """The exit status that the interpreter would give, once the error is reported as it would be."""
    if isinstance(error, SystemExit):
        return _exit_status(error.code)
    with suppress(BaseException):
        _remember(solution.source)
    _report(error)
    with suppress(BaseException):
        sys.stderr.write(report.user_traceback(error))
    return _FAILED


def _report(error: BaseException) -> None:
    with suppress(BaseException):
        report.write_error(REPORT_FD, error)


def _remember(source: bytes) -> None:
    """Let tracebacks quote the program, which is no file."""
    lines = source.decode("utf-8", "replace").splitlines(keepends=True)
    linecache.cache[report.FILE_NAME] = (len(source), None, lines, report.FILE_NAME)


def _exit_status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    with suppress(BaseException):
        print(code, file=sys.stderr)  # noqa: T201 - what the interpreter does
    return _FAILED


def _let_go(members: dict[str, Any], solution: Solution) -> None:
    """Let the program's objects go as they would at a normal exit: they may still have something to write.

    Those that want to be told go while the names that they use are there.
    """
    for name in list(members):
        if hasattr(type(members[name]), "__del__"):
            del members[name]
    if b"__del__" in solution.source:
        gc.collect()
    members.clear()


def _flush(streams: tuple[TextIO, TextIO]) -> None:
    """Flush what the program wrote to the streams it was given, and to those it put in their place."""
    for stream in (*streams, sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # noqa: BLE001, S112 - the program may have put anything there
            continue


def _leave(status: int, streams: tuple[TextIO, TextIO]) -> NoReturn:
    _flush(streams)
    os._exit(status)
