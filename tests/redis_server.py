"""A real redis-server on loopback, which tests may kill, pause, wipe and start again."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

BINARY = shutil.which("redis-server")


@dataclass
class RedisServer:
    """One server with its files in a directory of its own; what it acknowledged survives a kill."""

    directory: Path
    port: int = field(default=0)
    process: subprocess.Popen[bytes] | None = None
    more: Mapping[str, str] = field(default_factory=dict)
    """Options beside those of every test."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        assert BINARY is not None
        self.port = self.port or _free_port()
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.directory),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "no",  # a killed process loses nothing of what the kernel has
            **self.more,
        }
        command = [BINARY, *(part for name, value in options.items() for part in (f"--{name}", value))]
        with (self.directory / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self._await()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def pause(self) -> None:
        """Stop it as `docker pause` would: connections stay, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def wipe(self) -> None:
        self.say("FLUSHALL")

    def say(self, command: str) -> bytes:
        """Send one command and return the first bytes of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(65_536)

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def _await(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if self.say("PING").startswith(b"+PONG"):
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError((self.directory / "redis.log").read_text())


@contextmanager
def redis_server(directory: Path, **more: str) -> Generator[RedisServer, None, None]:
    """Run a server, with `more` options; without the program the test is skipped, and says so."""
    if BINARY is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    server = RedisServer(directory, more=more)
    server.start()
    try:
        yield server
    finally:
        server.resume()
        server.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
