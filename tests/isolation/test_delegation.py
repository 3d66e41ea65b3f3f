"""On a machine with cgroup version 2, the service finds by itself what was delegated to it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

_TOP = Path("/sys/fs/cgroup")
_USER = "nobody"
_TIER = (sys.executable, "-m", "tests.isolation.tier")
_ROOT = Path(__file__).parents[2]
_DELEGATED = ("--property=Delegate=yes",)

pytestmark = pytest.mark.skipif(
    not (
        (_TOP / "cgroup.subtree_control").exists()
        and Path("/run/systemd/system").exists()
        and os.geteuid() == 0
    ),
    reason="NEEDS ROOT, SYSTEMD AND CGROUP V2: `make test-vm` starts a machine that has them",
)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    assert [path for pattern in ("ctrl-sandbox-*", "box-*", "trial") for path in _TOP.rglob(pattern)] == []


@pytest.fixture
def given() -> Iterator[Path]:
    directory = _TOP / "ctrl-test-given"
    directory.mkdir()
    yield directory
    directory.rmdir()


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        pytest.param([], "T3 namespaces", id="root"),
        pytest.param(_DELEGATED, "T3 namespaces", id="root, delegated"),
        pytest.param(["--scope", *_DELEGATED], "T3 namespaces", id="root, delegated scope"),
        pytest.param([f"--uid={_USER}", *_DELEGATED], "T3 user namespaces", id="user, delegated"),
        pytest.param([f"--uid={_USER}"], "T2 user namespaces", id="user"),
    ],
)
def test_the_tier_is_what_systemd_delegates(how: Sequence[str], expected: str) -> None:
    assert _in_unit(*how) == expected


def test_a_user_whose_own_systemd_delegates_has_it_too() -> None:
    """Such a scope carries no mark, so it has to be said."""
    _run("useradd", "--create-home", "ctrl-delegate")
    try:
        user_id = _run("id", "--user", "ctrl-delegate").strip()
        _run("loginctl", "enable-linger", "ctrl-delegate")
        runtime = Path(f"/run/user/{user_id}")
        _await(runtime / "bus")
        scope = ("systemd-run", "--user", "--quiet", "--scope", *_DELEGATED, *_TIER)
        as_user = (
            "--uid=ctrl-delegate",
            f"--setenv=XDG_RUNTIME_DIR={runtime}",
            "--setenv=SANDBOX_CGROUP=self",
        )
        assert _in_unit(*as_user, command=scope) == "T3 user namespaces"
    finally:
        _run("loginctl", "disable-linger", "ctrl-delegate")


def test_a_container_that_may_write_its_cgroup_divides_it() -> None:
    """It sees its own group as the top, and its processes in it."""
    mounted = 'umount --lazy /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"'
    contained = ("unshare", "--cgroup", "--mount", "sh", "-c", mounted, "sh")
    assert _in_unit(*_DELEGATED, command=(*contained, *_TIER)) == "T3 namespaces"


def test_a_directory_that_is_given_is_used(given: Path) -> None:
    assert _in_unit(f"--setenv=SANDBOX_CGROUP={given}") == "T3 namespaces"


def test_a_directory_in_which_no_process_can_be_started_costs_a_tier_and_nothing_else(given: Path) -> None:
    """A user may write there, and yet not move a process across what lies between."""
    _run("chown", "--recursive", _USER, str(given))
    assert _in_unit(f"--uid={_USER}", f"--setenv=SANDBOX_CGROUP={given}") == "T2 user namespaces"


def _in_unit(*how: str, command: Sequence[str] = _TIER) -> str:
    """Run a command in a unit of its own and return the last line that it prints."""
    # A scope is this process's child already: it has its streams and its directory.
    attached = () if "--scope" in how else ("--wait", "--pipe", f"--working-directory={_ROOT}")
    return _run("systemd-run", "--quiet", "--collect", *attached, *how, *command).splitlines()[-1]


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {(done.stdout + done.stderr)[-2000:]}"
    return done.stdout


def _await(path: Path) -> None:
    for _ in range(300):
        if path.exists():
            return
        time.sleep(0.1)
    pytest.fail(f"{path} does not appear")
