"""The launcher: a warm, single-threaded interpreter that forks boxes.

It never sees a program, an input or an answer: the service talks to each box over a channel of the box's own.
All boxes share its memory layout; what one could learn of it holds for the next until the launcher restarts.
"""

import fcntl
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

from sandbox_runner.jail import (
    box,
    ending,
    filesystem,
    libc,
    messages,
    rehearsal,
    report,
    warm,
)
from sandbox_runner.jail.alarm import ALARM_FD
from sandbox_runner.jail.box import Nature
from sandbox_runner.jail.cgroups import NO_CGROUP, Cgroup, CgroupParent
from sandbox_runner.jail.filesystem import View
from sandbox_runner.jail.plan import Plan, candidates

_NO_BOX = (None, NO_CGROUP)


@dataclass(slots=True)
class _Launcher:
    """Opens and closes boxes for the service, one request at a time."""

    control: socket.socket
    plan: Plan
    view: View
    parent: CgroupParent
    children: int | None
    boxes: dict[int, tuple[int | None, Cgroup]] = field(default_factory=dict)

    def serve(self) -> None:
        try:
            while (packet := messages.receive(self.control)) is not None:
                request, descriptors = packet
                messages.send(self.control, {"ask": request["ask"], **self._answered(request, descriptors)})
                for descriptor in descriptors:
                    os.close(descriptor)
        finally:
            for number in list(self.boxes):
                self._close(number)
            self.parent.remove()

    def _answered(self, request: dict[str, Any], descriptors: tuple[int, ...]) -> dict[str, object]:
        """Whatever fails for one box, the others go on."""
        try:
            return self._answer(request, descriptors)
        except Exception as error:  # noqa: BLE001
            return {"error": f"{type(error).__name__}: {error}"}

    def _answer(self, request: dict[str, Any], descriptors: tuple[int, ...]) -> dict[str, object]:
        match request["op"]:
            case "open":
                return self._open(request, descriptors[0])
            case "usage":
                _, cgroup = self.boxes.get(request["id"], _NO_BOX)
                return {"oom_kills": cgroup.oom_kills()}
            case _:
                return self._close(request["id"])

    def _open(self, request: dict[str, Any], channel_fd: int) -> dict[str, object]:
        """Make a box; whatever of it stands when this fails, the service closes."""
        number = request["id"]
        cgroup = self.parent.make(f"box-{number}", request["memory_bytes"], request["tasks"])
        self.boxes[number] = (None, cgroup)
        nature = Nature(self.plan.uid_of(number), cgroup, request["shares"])
        pid = _fork_box(self.plan, self.view, channel_fd, nature)
        self.boxes[number] = (pid, cgroup)
        return {"pid": pid}

    def _close(self, number: int) -> dict[str, object]:
        """End a box: when its first process dies, the kernel ends the whole namespace."""
        if number not in self.boxes:
            return {"leaked_cgroups": 0, "leaked_processes": 0}
        pid, cgroup = self.boxes.pop(number)
        if pid is not None:
            _end(pid)
        strays = self._end_strays()
        # Without namespaces a test outlives its box for a moment, and its end is ours to see.
        leaked = strays if self.plan.isolated else 0
        return {"leaked_cgroups": cgroup.remove(), "leaked_processes": leaked}

    def _end_strays(self) -> int:
        """End processes that lost their box: as subreaper, the launcher inherits them."""
        if self.children is None:
            return 0
        known = {pid for pid, _ in self.boxes.values()}
        listed = map(int, os.pread(self.children, 65_536, 0).split())
        strays = [pid for pid in listed if pid not in known]
        for pid in strays:
            _end(pid)
        return len(strays)


def _end(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _open_children() -> int | None:
    """The kernel's list of this process's children, opened before the host's file tree is left."""
    try:
        return os.open(f"/proc/self/task/{os.getpid()}/children", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        return None


def _fork_box(plan: Plan, view: View, channel_fd: int, nature: Nature) -> int:
    nursery = nature.cgroup.open()
    try:
        pid = libc.fork_into(plan.namespaces, nursery)
        if pid == 0:
            box.serve(channel_fd, plan, view, nature)
        return pid
    finally:
        if nursery is not None:
            os.close(nursery)


def _choose_plan(view: View, *, namespaces: bool) -> tuple[Plan, list[str]]:
    """Try each plan in a child, because half of a plan cannot be taken back."""
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
        pid = _fork_box(plan, view, channel.fileno(), Nature(plan.uid_of(0), NO_CGROUP))
        channel.close()
        os.waitpid(pid, 0)
    except OSError as error:
        channel.send(ending.ERROR + str(error).encode())
    finally:
        os._exit(1)


def _beyond_those_of_tests(number: int) -> socket.socket:
    """Move a socket away from the descriptors that tests have, and keep those for the rehearsal."""
    control = socket.socket(fileno=fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, ALARM_FD + 1))
    os.close(number)
    for taken in rehearsal.DESCRIPTORS:
        os.dup2(0, taken, inheritable=False)
    return control


def main() -> None:
    """Serve the control socket that the configuration names, with the walls that this machine gives."""
    config = json.loads(sys.argv[1])
    sys.argv = [report.FILE_NAME]
    control = _beyond_those_of_tests(config["control"])
    view = View(tuple(config["readable"]), tuple(config["executable"]))
    libc.prctl(libc.PR_SET_CHILD_SUBREAPER, 1)
    libc.one_malloc_arena()
    # Python ignores SIGXFSZ; by default it ends a program that prints without end.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    # The first process of a namespace is immune to every signal that it does not handle itself.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Whoever started the service may have ignored or blocked what boxes rely on.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    warm.import_modules(config["preload"], config["search"])
    warm.add_usual_builtins()
    filesystem.runtime_paths()
    plan, failures = _choose_plan(view, namespaces=config["namespaces"])
    parent = CgroupParent.acquire(config["cgroup"])
    children = _open_children()
    plan.prepare(view)
    warm.open_standard_files()
    rehearsal.rehearse(plan, view)
    warm.settle()
    messages.send(
        control,
        {"ready": plan.name, "isolated": plan.isolated, "failures": failures, "cgroup": parent.missing},
    )
    _Launcher(control, plan, view, parent, children).serve()
