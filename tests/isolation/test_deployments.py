"""The tier that each way of deploying gives: users of this host, and containers of this engine."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.docker.base import NEWER_PYTHON

pytestmark = pytest.mark.isolation

_ROOT = Path(__file__).parents[2]
_IMAGE = "ctrl-sandbox:test"
_PROFILE = _ROOT / "deploy/docker/sandbox-seccomp.json"
_CONFINED = ("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only", "--tmpfs", "/tmp")
_OPEN = ("--security-opt", f"seccomp={_PROFILE}", "--security-opt", "systempaths=unconfined")
_NOBODY = "65534"
_TIER = "tests.isolation.tier"


def _run(command: Sequence[str], timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=timeout_s, check=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be root on a host")
def test_root_on_a_host_gets_namespaces() -> None:
    finished = _run([sys.executable, "-m", _TIER])

    assert finished.stdout.split()[:2] in (["T2", "namespaces"], ["T3", "namespaces"]), finished


def test_a_parent_that_ignores_its_children_blocks_signals_and_gives_little_stack_changes_nothing() -> None:
    start = (
        "import os, resource, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_STACK, (8 << 20, 32 << 20))\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'tests.isolation.tier'])"
    )

    assert _run([sys.executable, "-c", start]).stdout == _run([sys.executable, "-m", _TIER]).stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")
def test_an_ordinary_user_on_a_host_gets_namespaces_of_its_own() -> None:
    # `env` is the first program that runs without root's right to read everything.
    user = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "env"]
    become = [*user, sys.executable]
    if _run([*become, "-c", "import pydantic"]).returncode != 0:
        pytest.skip(f"user {_NOBODY} may not read {sys.executable}; install Python where all may read it")
    if _run([*user, "unshare", "--user", "true"]).returncode != 0:
        pytest.skip("this host refuses user namespaces")

    finished = _run([*become, "-m", _TIER])

    assert finished.stdout == "T2 user namespaces\n", finished


@pytest.fixture(scope="session")
def image() -> str:
    """The image of the real Dockerfile."""
    if shutil.which("docker") is None or _run(["docker", "info"]).returncode != 0:
        pytest.skip("NO DOCKER ENGINE: the container deployments are not tested")
    base = NEWER_PYTHON.known() or NEWER_PYTHON.public
    options = ["--network=host", "--build-arg", f"BASE_IMAGE={base}", "--tag", _IMAGE]
    command = ["env", "DOCKER_BUILDKIT=1", "docker", "build", *options]
    built = _run([*command, "--file", "deploy/docker/sandbox/Dockerfile", "."], timeout_s=280)
    assert built.returncode == 0, built.stderr[-2000:]
    return _IMAGE


def _events(image: str, *options: str) -> Iterator[dict[str, object]]:
    """Start a container and read its log as long as somebody listens."""
    name = f"ctrl-sandbox-test-{uuid.uuid4().hex[:8]}"
    command = ["docker", "run", "--rm", "--name", name, "--network", "none", *_CONFINED, *options, image]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                yield json.loads(line) if line.startswith(b"{") else {"said": line.decode()}
            yield {"exit": process.wait()}
        finally:
            _run(["docker", "rm", "--force", name])


def _ready(image: str, *options: str) -> dict[str, object]:
    seen = []
    for event in _events(image, *options):
        seen.append(event)
        if event.get("event") == "sandbox_ready":
            return event
    pytest.fail(f"it did not start: {seen}")


@pytest.mark.docker
def test_a_plain_container_without_capabilities_gets_t1(image: str) -> None:
    ready = _ready(image)

    assert (ready["tier"], ready["walls"]) == ("T1", "landlock and seccomp")


@pytest.mark.docker
def test_a_container_with_our_profile_gets_t2(image: str) -> None:
    ready = _ready(image, *_OPEN)

    assert (ready["tier"], ready["walls"]) == ("T2", "user namespaces")


@pytest.mark.docker
def test_the_container_runs_as_an_ordinary_user(image: str) -> None:
    finished = _run(["docker", "run", "--rm", "--network", "none", image, "id", "-u"])

    assert finished.stdout == "1001\n"


@pytest.mark.docker
def test_a_container_below_the_demanded_tier_exits_and_names_the_remedy(image: str) -> None:
    *said, ending = _events(image, "--env", "SANDBOX_MIN_TIER=T2")

    text = "".join(str(event.get("said", "")) for event in said)
    assert ending["exit"] not in {0, None}
    assert "reached tier T1, and SANDBOX_MIN_TIER is T2" in text
    assert "host files are invisible" in text
    assert f"seccomp={_PROFILE.relative_to(_ROOT)}" in text


@pytest.mark.docker
def test_our_profile_refuses_what_no_box_needs(image: str) -> None:
    code = (
        "import ctypes, socket; libc = ctypes.CDLL(None)\n"
        "calls = [(101, 0), (250, 0), (308, 0), (321, 0), (298, 0), (323, 0), (425, 1), (175, 0), (161, 0)]\n"
        "assert all(libc.syscall(n, a, 0, 0, 0, 0) == -1 for n, a in calls)\n"
        "for family in (17, 38, 40):\n"
        "    try: socket.socket(family)\n"
        "    except PermissionError: continue\n"
        "    raise SystemExit(family)\n"
    )
    finished = _run(["docker", "run", "--rm", "--network", "none", *_OPEN, image, "python3", "-c", code])

    assert finished.returncode == 0, finished.stderr
