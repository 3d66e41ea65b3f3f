"""`docker compose` on our file, under a project name of its own, and the containers it made."""

import json
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HEAL_S = 120
# docker-compose 1.29 knows all of our file but one word, which Compose 2 translates; so does this.
_OLD_COMPOSE = """
import sys
from docker.types.containers import HostConfig
made = HostConfig.__init__
def make(self, *arguments, security_opt=None, **options):
    known = [option for option in security_opt or () if option != "systempaths=unconfined"]
    made(self, *arguments, security_opt=known or None, **options)
    if len(known) < len(security_opt or ()):
        self["MaskedPaths"], self["ReadonlyPaths"] = [], []
HostConfig.__init__ = make
sys.argv[0] = "docker-compose"
from compose.cli.main import main
main()
"""
_KILL = "kill -9 $(cat /proc/1/task/1/children)"


def docker(*arguments: str, given: str | None = None, timeout_s: float = 60, check: bool = True) -> str:
    """Run Docker's client and return what it prints."""
    return run(("docker", *arguments), given=given, timeout_s=timeout_s, check=check)


def run(
    command: Sequence[str], *, given: str | None = None, timeout_s: float = 60, check: bool = True
) -> str:
    """Run a command in the repository; a failure shows its last words."""
    done = subprocess.run(
        command, cwd=ROOT, input=given, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    assert not check or done.returncode == 0, (
        f"{' '.join(command)[:300]}: {(done.stdout + done.stderr)[-3000:]}"
    )
    return done.stdout


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a project."""

    id: str

    def look(self) -> dict[str, Any]:
        return dict(json.loads(docker("inspect", self.id))[0])

    def run(self, *command: str, given: str | None = None, timeout_s: float = 60) -> str:
        return docker("exec", "--interactive", self.id, *command, given=given, timeout_s=timeout_s)

    def kill_inside(self) -> None:
        """Kill the main process as a crash would: what Docker is told to kill, it does not start again."""
        docker("exec", self.id, "sh", "-c", _KILL, check=False)

    @property
    def restarts(self) -> int:
        return int(self.look()["RestartCount"])

    @property
    def healthy(self) -> bool:
        state = self.look()["State"]
        return bool(state["Running"]) and state["Health"]["Status"] == "healthy"

    def address(self, port: int = 8000) -> str:
        """Where a published port is; it may move when a container comes back."""
        published = self.look()["NetworkSettings"]["Ports"].get(f"{port}/tcp")
        assert published, "it publishes no port now"
        return f"http://{published[0]['HostIp']}:{published[0]['HostPort']}"


@dataclass
class Project:
    """One `docker compose` project; `down` leaves nothing of it."""

    variables: Mapping[str, str]
    profiles: Sequence[str] = ()
    name: str = field(default_factory=lambda: f"ctrl-test-{uuid.uuid4().hex[:8]}")

    def compose(self, *arguments: str, timeout_s: float = 300) -> str:
        told = [f"{name}={value}" for name, value in self.variables.items()]
        chosen = [f"--profile={profile}" for profile in self.profiles]
        # An empty file of variables: the operator's own .env is for the operator's own stack.
        options = [*chosen, "--project-name", self.name, "--env-file", "deploy/compose/none"]
        return run(("env", *told, *_command(), *options, *arguments), timeout_s=timeout_s)

    def up(self, *arguments: str, timeout_s: float = 300) -> None:
        self.compose("up", "--detach", "--no-build", *arguments, timeout_s=timeout_s)

    def down(self) -> None:
        self.compose("down", "--volumes", "--timeout", "45", "--remove-orphans")

    def containers(self, service: str = "") -> list[Container]:
        label = "label=com.docker.compose"
        chosen = ["--filter", f"{label}.service={service}"] if service else []
        listed = docker("ps", "--all", "--quiet", "--filter", f"{label}.project={self.name}", *chosen)
        return [Container(found) for found in sorted(listed.split())]

    def only(self, service: str) -> Container:
        (container,) = self.containers(service)
        return container

    def await_health(self) -> None:
        until(lambda: all(container.healthy for container in self.containers()), "every container is healthy")


def until(holds: Callable[[], bool], what: str, within_s: float = HEAL_S) -> None:
    """Wait, with patience for a busy machine."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
        time.sleep(0.5)


def free_ports(number: int) -> str:
    """Find neighbouring ports that nobody uses just now, as a range."""
    for first in range(18_000, 30_000, number):
        if all(map(_is_free, range(first, first + number))):
            return f"{first}-{first + number - 1}"
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _command() -> tuple[str, ...]:
    newer = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return ("docker", "compose") if newer.returncode == 0 else ("/usr/bin/python3", "-I", "-c", _OLD_COMPOSE)
