"""The program's side of a conversation in a process of its own, as if in another jail."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NoReturn

from sandbox_runner.jail.remote.frames import Connection
from sandbox_runner.jail.remote.program_side import servant
from sandbox_runner.jail.remote.program_side.environment import ProgramEnvironment
from sandbox_runner.jail.remote.tests_side.code import run_assert_code
from sandbox_runner.jail.remote.tests_side.findings import Findings

_PYTEST = """
import dataclasses, json, sys
sys.path.insert(0, ".")
from sandbox_runner.jail.remote.frames import Connection
from sandbox_runner.jail.remote.tests_side.pytest_files import run_pytest
said = json.load(sys.stdin)
found = run_pytest(said["files"], Connection(int(sys.argv[1])), said["names"])
print("FOUND" + json.dumps(dataclasses.asdict(found)))
"""


def honest(code: str) -> Callable[[int], None]:
    """A program that is executed as a module and then answers."""

    def run(descriptor: int) -> None:
        module = ModuleType("solution")
        sys.modules["solution"] = module
        exec(compile(code, "solution.py", "exec"), module.__dict__)  # noqa: S102
        servant.serve(descriptor, module.__dict__, ProgramEnvironment(None))

    return run


@contextmanager
def other_side(run: Callable[[int], None]) -> Iterator[int]:
    """Our end of a socket whose other end `run` has, in a child that is gone afterwards."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        _run_and_exit(run, theirs.fileno())
    theirs.close()
    try:
        yield ours.fileno()
    finally:
        ours.close()
        os.waitpid(pid, 0)


def _run_and_exit(run: Callable[[int], None], descriptor: int) -> NoReturn:
    try:
        run(descriptor)
    finally:
        os._exit(0)


def check_code(program: str | Callable[[int], None], source: str, entry_point: str | None = "f") -> Findings:
    """What the tests' side finds when it runs `source` beside the program."""
    with other_side(honest(program) if isinstance(program, str) else program) as descriptor:
        try:
            return run_assert_code(source, Connection(descriptor), entry_point)
        finally:
            sys.modules.pop("solution", None)


def check_files(
    program: str, files: Mapping[str, str], names: tuple[str, ...] = ("solution",)
) -> dict[str, Any]:
    """What pytest finds, in a process of its own, away from our own tests' configuration."""
    with other_side(honest(program)) as descriptor:
        done = subprocess.run(
            [sys.executable, "-c", _PYTEST, str(descriptor)],
            input=json.dumps({"files": files, "names": names}),
            pass_fds=[descriptor],
            env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            cwd="/",
            capture_output=True,
            text=True,
            check=True,
        )
    found: dict[str, Any] = json.loads(done.stdout.partition("FOUND")[2])
    return found
