"""A program that is executed and not forked: compiled once in its box, then run once per test.

Not covered: a compiler that works for the program. It runs behind the same walls and owns nothing but the
box's build directory, which tests can only read and execute.
"""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Self

from sandbox_runner.jail import filesystem, landlock, limits, messages, scratch, seccomp
from sandbox_runner.jail.alarm import ALARM_FD
from sandbox_runner.jail.filesystem import BUILD, SCRATCH, View
from sandbox_runner.jail.limits import Limits

COMPILING = Limits(cpu_s=30, wall_s=60, memory_bytes=1 << 30, output_bytes=1 << 20, processes=32)
_LARGEST_BINARY_BYTES = 64 << 20
_CANNOT_EXECUTE = 127


@dataclass(frozen=True, slots=True)
class Command:
    """How to make and run a program of one language."""

    file: str
    """The name that its source has in the build directory."""
    compile: tuple[str, ...]
    """Empty where nothing is to be compiled."""
    run: tuple[str, ...]
    environment: Mapping[str, str]
    reserves: bool
    """Its runtime reserves address space that it does not use."""

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> Self:
        arguments = {name: tuple(message[name]) for name in ("compile", "run")}
        return cls(**{**message, **arguments})

    def as_message(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}


class NativeProgram:
    outgrows = True
    compiles = True

    def __init__(self, source: bytes, command: Command, bounds: Limits, view: View) -> None:
        self._command = command
        self._bounds = bounds
        self._view = view
        self._compiled = not command.compile
        with open(os.path.join(BUILD, command.file), "wb") as file:
            file.write(source)

    def prepare(self, request: bytes) -> Limits:
        return COMPILING if request == messages.COMPILE else self._bounds

    def take(self, files: Mapping[str, bytes]) -> None:
        """Put them beside the source too, where headers and modules are looked for."""
        others = {name: files[name] for name in files if name.partition("/")[0] != self._command.file}
        scratch.put(others, BUILD)

    def be_test(self, request: bytes, streams: tuple[int, ...]) -> NoReturn:
        compiling = request == messages.COMPILE
        bounds = self.prepare(request)
        os.setsid()
        os.chdir(BUILD if compiling else SCRATCH)
        for target in (0, 1, 2):
            os.dup2(streams[target], target)
        os.closerange(3, ALARM_FD)  # which executing closes
        file_bytes = _LARGEST_BINARY_BYTES if compiling else bounds.output_bytes
        limits.apply_to_executed(bounds, file_bytes, reserves=compiling or self._command.reserves)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and exec would keep that
        if not compiling and landlock.abi() > 0:
            landlock.restrict_self(landlock.ruleset(filesystem.rules(self._view, scratch=True, built=True)))
        if seccomp.available():
            may_fork = bounds.processes > 1
            wall = (
                seccomp.compiler_filter() if compiling else seccomp.test_filter(may_fork=may_fork, alone=True)
            )
            wall.install()
        command = self._command.compile if compiling else self._command.run
        try:
            os.execve(command[0], command, self._command.environment)  # noqa: S606 - in its jail
        except OSError as error:
            os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(_CANNOT_EXECUTE)

    def compiling_cpu_s(self) -> float:
        return 0.0

    def settle(self, request: bytes, status: int) -> bool:
        if request == messages.COMPILE:
            self._compiled = status == 0
        return self._compiled
