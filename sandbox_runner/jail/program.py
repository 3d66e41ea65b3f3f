"""One test: what happens in the forked child once it is confined.

Every function here runs in a process that is thrown away. Nothing in its memory is secret: it holds the
program, this test's input, and the interpreter.
"""

import atexit
import linecache
import marshal
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import CodeType, ModuleType
from typing import Any

from sandbox_runner.jail import report, values
from sandbox_runner.jail.confinement import REPORT_FD, Streams, enclose_test
from sandbox_runner.jail.limits import Limits

_FAILED = 1
_CODE_BYTES = 32 << 20


def compile_source(source: bytes, streams: Streams, bounds: Limits) -> None:
    """Parse under limits, where a source bomb is harmless; the code object leaves through `stdout`."""
    enclose_test(streams, bounds, _CODE_BYTES)
    try:
        code = compile(source, report.FILE_NAME, "exec", dont_inherit=True)
        report.write_all(1, marshal.dumps(code))
    except BaseException as error:  # noqa: BLE001 - whatever the parser raised is the verdict
        report.write_error(REPORT_FD, error)
        os._exit(_FAILED)
    os._exit(0)


def load_code(descriptor: int) -> CodeType:
    """Read what `compile_source` wrote. No line of the program had run, so the bytes are the compiler's."""
    code = marshal.loads(_read_whole(descriptor))  # noqa: S302
    if not isinstance(code, CodeType):
        raise TypeError("not a code object")
    return code


def remember_source(source: bytes) -> None:
    """Let tracebacks quote the program, which is no file."""
    lines = source.decode("utf-8", "replace").splitlines(keepends=True)
    linecache.cache[report.FILE_NAME] = (len(source), None, lines, report.FILE_NAME)


def run_script(code: CodeType, streams: Streams, bounds: Limits) -> None:
    """Run the program as a script that reads `given`."""
    enclose_test(streams, bounds, bounds.file_bytes)
    module = _new_module("__main__")
    opened = (sys.stdout, sys.stderr)
    status = _status_of(lambda: exec(code, module.__dict__))  # noqa: S102
    with suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001
    with suppress(BaseException):
        atexit._run_exitfuncs()  # noqa: SLF001
    with suppress(BaseException):
        # A file object left open in a global flushes when it goes, as it would at a normal exit.
        module.__dict__.clear()
    _flush(*opened, sys.stdout, sys.stderr)
    os._exit(status)


def run_call(code: CodeType, entry_point: str, streams: Streams, bounds: Limits) -> None:
    """Call one function of the program with the arguments in `given` and report what it returned."""
    arguments = values.decode(_read_whole(streams.given))
    os.dup2(os.open(os.devnull, os.O_RDONLY), streams.given)
    enclose_test(streams, bounds, bounds.file_bytes)
    module = _new_module("solution")
    opened = (sys.stdout, sys.stderr)
    status = _status_of(lambda: _call(code, module, entry_point, arguments))
    _flush(*opened, sys.stdout, sys.stderr)
    os._exit(status)


def _call(code: CodeType, module: ModuleType, entry_point: str, arguments: Any) -> None:
    exec(code, module.__dict__)  # noqa: S102
    report.write_value(REPORT_FD, _find(module, entry_point)(*arguments[0], **arguments[1]))


def _find(module: ModuleType, entry_point: str) -> Callable[..., object]:
    """The function of that name, or the method of a class `Solution`, as on LeetCode."""
    members = module.__dict__
    found = members.get(entry_point)
    if found is None and "Solution" in members:
        found = getattr(members["Solution"](), entry_point, None)
    if found is None:
        raise NameError(f"{report.FILE_NAME} defines no function {entry_point!r}")
    function: Callable[..., object] = found
    return function


def _status_of(run: Callable[[], object]) -> int:
    """Run the program's code and give the exit status that the interpreter would."""
    try:
        run()
    except SystemExit as ending:
        return _exit_status(ending.code)
    except BaseException as error:  # noqa: BLE001 - every other ending is reported
        with suppress(BaseException):
            report.write_error(REPORT_FD, error)
        with suppress(BaseException):
            sys.stderr.write(report.user_traceback(error))
        return _FAILED
    return 0


def _exit_status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    with suppress(BaseException):
        print(code, file=sys.stderr)  # noqa: T201 - what the interpreter does
    return _FAILED


def _new_module(name: str) -> ModuleType:
    module = ModuleType(name)
    sys.modules[name] = module
    sys.argv = [report.FILE_NAME]
    return module


def _read_whole(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _flush(*streams: object) -> None:
    for stream in streams:
        with suppress(BaseException):
            stream.flush()  # type: ignore[attr-defined]
