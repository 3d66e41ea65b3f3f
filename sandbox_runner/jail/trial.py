"""Which walls this machine gives boxes: each plan is tried, as half of one cannot be taken back."""

import os
import signal
import socket
from contextlib import suppress
from typing import NoReturn

from sandbox_runner.jail import box, ending, messages
from sandbox_runner.jail.box import Nature
from sandbox_runner.jail.cgroups import NO_CGROUP
from sandbox_runner.jail.filesystem import View
from sandbox_runner.jail.plan import Plan, candidates


def choose_plan(view: View, *, namespaces: bool) -> tuple[Plan, list[str]]:
    """The strongest plan that works, and what failed of those before it. Raises OSError without one."""
    failures: list[str] = []
    for plan in candidates(namespaces=namespaces):
        failure = _try(plan, view)
        if failure is None:
            return plan, failures
        failures.append(f"{plan.name}: {failure}")
    raise OSError("; ".join(failures))


def _try(plan: Plan, view: View) -> str | None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        pid = os.fork()
        if pid == 0:
            _try_in_child(plan, view, theirs)
        theirs.close()
        with suppress(OSError):
            messages.send(ours, {"ping": True})
        packet = messages.receive_packet(ours)
        os.kill(pid, signal.SIGKILL)
        _reap_all()
    if packet == ending.READY:
        return None
    return packet[1:].decode() or "the box did not start"


def _reap_all() -> None:
    """Wait for the trial and the box it made, which dies with it and becomes ours."""
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        return


def _try_in_child(plan: Plan, view: View, channel: socket.socket) -> NoReturn:
    try:
        plan.prepare(view)
        pid = box.fork(plan, view, channel.fileno(), Nature(plan.uid_of(0), NO_CGROUP))
        channel.close()
        os.waitpid(pid, 0)
    except OSError as error:
        channel.send(ending.ERROR + str(error).encode())
    finally:
        os._exit(1)
