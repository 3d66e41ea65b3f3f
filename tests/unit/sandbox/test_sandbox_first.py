"""First processes: what they wait for, and who makes them."""

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox_runner.jail import first

_BEGINS_NONE = """
import os, sys
from contextlib import suppress
from sandbox_runner.jail import bpf, libc, seccomp
from sandbox_runner.jail.first import FirstProcesses
from sandbox_runner.jail.syscalls import numbers

firsts = FirstProcesses("/nothing/lies/here")
libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
refused = {numbers()[name]: bpf.refuse() for name in sys.argv[1:]}
seccomp.TestFilter(b"".join(bpf.dispatch(refused, {}))).install()
with suppress(OSError):
    firsts.begin()
print(os.readlink("/proc/self/ns/pid_for_children") == os.readlink("/proc/self/ns/pid"))
"""
_BORN_AGAIN = """
import time
from sandbox_runner.jail import first, libc

libc.unshare(libc.CLONE_NEWPID)
first.be_born()
print("born", flush=True)
time.sleep(99)
"""


def test_a_first_process_waits_and_ends_with_its_maker(tmp_path: Path) -> None:
    content = first.executable()
    assert content is not None, "there is none for this machine: boxes of one test are made as others are"
    path = tmp_path / "first"
    path.write_bytes(content)
    path.chmod(0o555)
    made = subprocess.Popen([path], stdin=subprocess.PIPE)
    assert made.stdin is not None

    with pytest.raises(subprocess.TimeoutExpired):
        made.wait(0.2)
    assert not first.is_ending(made.pid)
    made.stdin.close()
    assert made.wait(10) == 0
    assert not first.is_ending(made.pid)


@pytest.mark.skipif(os.geteuid() != 0, reason="NEEDS ROOT, to start it as another user")
def test_what_a_first_process_is_its_own_user_may_not_look_into() -> None:
    content = first.executable()
    assert content is not None
    file = os.memfd_create("first")
    os.write(file, content)
    reader, writer = os.pipe()
    made = subprocess.Popen([f"/proc/self/fd/{file}"], stdin=reader, pass_fds=[file], user=65_534)
    try:
        for _ in range(500):
            if Path(f"/proc/{made.pid}/syscall").read_text().split()[0] in {"0", "63"}:  # it reads
                break
            time.sleep(0.01)
        assert Path(f"/proc/{made.pid}/fd").stat().st_uid == 0
    finally:
        os.close(writer)
        made.wait(10)
        os.close(reader)
        os.close(file)


@pytest.mark.skipif(os.geteuid() != 0, reason="NEEDS ROOT, who makes process namespaces")
@pytest.mark.parametrize(
    ("refused", "told"), [((), ("True\n", 0)), (("setns",), ("", 1))], ids=["goes back", "cannot go back"]
)
def test_who_cannot_begin_a_first_process_bears_its_children_here(
    refused: tuple[str, ...], told: tuple[str, int]
) -> None:
    """Or ends: it would never again make a box."""
    command = [sys.executable, "-c", _BEGINS_NONE, *refused]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert (done.stdout, done.returncode) == told, done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="NEEDS ROOT, who makes process namespaces")
def test_who_goes_on_in_a_namespace_ends_with_whom_the_service_knows() -> None:
    with subprocess.Popen([sys.executable, "-c", _BORN_AGAIN], stdout=subprocess.PIPE) as known:
        assert known.stdout is not None
        assert known.stdout.readline() == b"born\n"
        (born,) = Path(f"/proc/{known.pid}/task/{known.pid}/children").read_text().split()
        held = os.pidfd_open(int(born))
        known.kill()
        ended, _, _ = select.select([held], [], [], 20)
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(held, signal.SIGKILL)
        os.close(held)

    assert ended == [held]


def test_on_a_machine_that_nobody_wrote_one_for_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = os.uname_result(("Linux", "", "", "", "riscv64"))
    monkeypatch.setattr(os, "uname", lambda: machine)

    assert first.executable() is None
