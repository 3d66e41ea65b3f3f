"""What a box runs: of which kind it is, and how a process becomes a test of it."""

import os
from collections.abc import Mapping
from typing import Any, NoReturn, Protocol

from sandbox_runner.jail import alarm, ending, messages
from sandbox_runner.jail.confinement import enclose_box
from sandbox_runner.jail.filesystem import View
from sandbox_runner.jail.limits import Limits
from sandbox_runner.jail.native import Command, NativeProgram
from sandbox_runner.jail.plan import Plan
from sandbox_runner.jail.program import PythonProgram
from sandbox_runner.jail.solution import CODE_FD, OnlySolution, Solution
from sandbox_runner.jail.tests import TestsProgram


class Program(Protocol):
    """What a box runs. Methods that run in the box are called for every test, and are short for that."""

    outgrows: bool
    """Its limits alone do not hold its memory, so that a box without a cgroup has to look."""
    compiles: bool
    """It may be compiled by the next test; if not, the last two methods need not be called."""

    def prepare(self, request: bytes) -> Limits:
        """Make ready for a request, and give the limits that it runs under."""
        ...

    def take(self, files: Mapping[str, bytes]) -> None:
        """Learn of files that were put into the scratch directory for it."""
        ...

    def be_test(self, request: bytes, streams: tuple[int, ...]) -> NoReturn:
        """Run in a fork of the box."""
        ...

    def compiling_cpu_s(self) -> float:
        """CPU seconds of the running test that do not count."""
        ...

    def settle(self, request: bytes, status: int) -> bool:
        """Take note of how a test ended; tell whether the program is known to compile."""
        ...


def load(
    request: dict[str, Any], descriptors: tuple[int, ...], plan: Plan, view: View, *, once: bool
) -> Program:
    """Take what the box is told first, and put its walls up."""
    bounds, ceiling = Limits(**request["limits"]), Limits(**request["ceiling"])
    source_fd, *code_fds = descriptors
    source = messages.read_whole(source_fd)
    os.close(source_fd)
    for code_fd in code_fds:
        if code_fd != CODE_FD:
            os.dup2(code_fd, CODE_FD)
            os.close(code_fd)
    enclose_box(ceiling, view, isolated=plan.isolated, count_tasks=plan.has_own_user)
    match request["kind"]:
        case "native":
            return NativeProgram(source, Command.read(request["command"]), bounds, view)
        case "tests":
            return TestsProgram(bounds, isolated=plan.isolated, once=once)
    solution = OnlySolution(source) if once else Solution(source)
    return PythonProgram(solution, bounds, isolated=plan.isolated)


def be_test(program: Program, request: bytes, streams: tuple[int, ...]) -> NoReturn:
    """What fails before the program begins is not its fault, and rings the alarm."""
    try:
        program.be_test(request, streams)
    except Exception as error:  # noqa: BLE001 - `be_test` reports what the program raises
        alarm.ring(ending.told(error))
    finally:
        os._exit(1)
