"""The whole service on this machine: a sandbox and a gateway as child processes on loopback."""

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx

from service.cli.exits import StackError

HOST = "127.0.0.1"
START_S = 90.0
"""How long a part may take to answer; the gateway reads weights first."""
STOP_S = 30.0
"""How long a part may take to stop; the gateway drains first."""
POLL_S = 0.1


@dataclass(slots=True)
class Part:
    """One child process that serves HTTP."""

    name: str
    port: int
    flag: str
    """The option that moves the part to another port."""
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self, log: IO[bytes] | None) -> None:
        """Start the child. In a session of its own: Ctrl-C reaches this process, which stops it in order."""
        if not port_is_free(self.port):
            raise StackError(f"port {self.port} is in use; stop what listens there, or give {self.flag} PORT")
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )

    def stop(self) -> None:
        """Ask the child to end, wait, and then insist."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=2.0, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False


@dataclass(slots=True)
class Stack:
    """A running sandbox and gateway."""

    sandbox: Part
    gateway: Part
    log: Path | None = None
    """Where the children write; None lets them write to the terminal."""
    parts: tuple[Part, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.parts = (self.sandbox, self.gateway)

    @property
    def url(self) -> str:
        return self.gateway.url

    def start(self) -> None:
        """Start both parts and wait until they answer."""
        with contextlib.ExitStack() as stack:
            log = None if self.log is None else stack.enter_context(self.log.open("ab"))
            for part in self.parts:
                part.start(log)
            deadline = time.monotonic() + START_S
            for part in self.parts:
                self._await(part, deadline)

    def stop(self) -> None:
        """Stop both parts: the gateway first, it may have programs in the sandbox."""
        for part in reversed(self.parts):
            part.stop()

    def wait(self) -> None:
        """Block while both parts live; raise `StackError` when one dies."""
        while True:
            for part in self.parts:
                if part.died:
                    raise StackError(f"the {part.name} ended by itself{self._last_words()}")
            time.sleep(POLL_S)

    def _await(self, part: Part, deadline: float) -> None:
        while not part.answers():
            if part.died:
                raise StackError(f"the {part.name} did not start{self._last_words()}")
            if time.monotonic() > deadline:
                raise StackError(f"the {part.name} does not answer at {part.url}{self._last_words()}")
            time.sleep(POLL_S)

    def _last_words(self) -> str:
        if self.log is None:
            return "; its reason is above"
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:]
        reasons = [reason for line in lines if (reason := _reason(line))]
        return f": {reasons[-1]}" if reasons else "".join(f"\n  {line[:500]}" for line in lines[-5:])


def _reason(line: str) -> str | None:
    """Read the reason out of a log line that gives one."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    reason = entry.get("reason") if isinstance(entry, dict) else None
    return reason if isinstance(reason, str) else None


def stack(port: int, sandbox_port: int, config: Path | None, log: Path | None) -> Stack:
    """Describe a stack; nothing runs yet."""
    sandbox = Part("sandbox", sandbox_port, "--sandbox-port", _sandbox_command(sandbox_port))
    command = [sys.executable, "-m", "service.cli", "serve", "--host", HOST, "--port", str(port)]
    command += ["--sandbox-url", sandbox.url, "--with-parent"]
    command += [] if config is None else ["--config", str(config)]
    return Stack(sandbox, Part("gateway", port, "--port", command), log)


@contextmanager
def running(stack: Stack) -> Generator[Stack, None, None]:
    """Keep a stack running for as long as the context lasts."""
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@contextmanager
def passing_stack(config: Path | None) -> Generator[Stack, None, None]:
    """Run a stack on ports of its own for one command."""
    with tempfile.TemporaryDirectory(prefix="ctrl-") as directory:
        log = Path(directory) / "stack.log"
        with running(stack(free_port(), free_port(), config, log)) as started:
            yield started


def port_is_free(port: int) -> bool:
    """Whether something could listen on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Find a port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _sandbox_command(port: int) -> list[str]:
    return [sys.executable, "-m", "sandbox_runner.cli", "--host", HOST, "--port", str(port), "--with-parent"]
