"""Run a command that finds a Docker engine and base images: `python -m tests.docker.engine COMMAND...`.

An engine that answers is used as it is. Otherwise root starts one with files of its own, and stops it.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.docker.base import NEWER_PYTHON, PYTHON

START_S = 60
STOP_S = 60
# The client that belongs to the engine comes first; there may be another one of the same name.
_WITH_HOST = 'export PATH="/usr/bin:/usr/sbin:$PATH" DOCKER_HOST="$1"; shift; exec "$@"'
# The engine brings no network that it would have to ask this machine's firewall for.
_QUIET = ("--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", "--bridge=none")


def main() -> int:
    """Return what the command returned."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="where an engine of its own keeps images; kept")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    with ExitStack() as stack:
        within: tuple[str, ...] = ()
        if not _answers(within):
            within = stack.enter_context(_own_engine(options.data))
        for base in (PYTHON, NEWER_PYTHON):
            base.ensure(within)
        return subprocess.run([*within, *options.command], check=False).returncode


@contextmanager
def _own_engine(data: Path | None) -> Generator[tuple[str, ...], None, None]:
    if shutil.which("dockerd", path="/usr/bin:/usr/sbin") is None:
        sys.exit("no Docker engine answers and none can be started: apt-get install docker.io docker-compose")
    with tempfile.TemporaryDirectory(prefix="ctrl-docker-", ignore_cleanup_errors=True) as name:
        run, host = Path(name), f"unix://{name}/docker.sock"
        within = ("sh", "-c", _WITH_HOST, "sh", host)
        places = ("--data-root", str(data or run / "data"), "--exec-root", str(run / "exec"))
        command = ["dockerd", *places, "--pidfile", str(run / "pid"), "--host", host, *_QUIET]
        with (run / "log").open("wb") as log:
            process = subprocess.Popen([*within, *command], stdout=log, stderr=log, start_new_session=True)
        try:
            _await(process, within, run / "log")
            yield within
        finally:
            process.terminate()
            process.wait(STOP_S)
            for left in (run / "exec/netns").glob("*"):  # it leaves its own network's handle mounted
                subprocess.run(["umount", left], check=False)


def _await(process: subprocess.Popen[bytes], within: Sequence[str], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while not _answers(within):
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"the Docker engine did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.5)


def _answers(within: Sequence[str]) -> bool:
    if not within and shutil.which("docker") is None:
        return False
    return subprocess.run([*within, "docker", "info"], capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
