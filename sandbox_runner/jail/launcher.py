"""The launcher: a warm, single-threaded interpreter that forks boxes.

It never sees a program, an input or an answer: the service talks to each box over a channel of the box's own.
All boxes share its memory layout; what one could learn of it holds for the next until the launcher restarts.
"""

import fcntl
import json
import math
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sandbox_runner.jail import (
    alarm,
    box,
    ending,
    filesystem,
    first,
    large_pages,
    libc,
    messages,
    rehearsal,
    report,
    trial,
    warm,
)
from sandbox_runner.jail.alarm import ALARM_FD
from sandbox_runner.jail.box import Nature
from sandbox_runner.jail.cgroups import NO_CGROUP, Cgroup, CgroupParent
from sandbox_runner.jail.filesystem import View
from sandbox_runner.jail.first import FirstProcesses
from sandbox_runner.jail.once import OnlyTest
from sandbox_runner.jail.plan import Plan


@dataclass(slots=True)
class _Standing:
    """What there is of a box."""

    cgroup: Cgroup = NO_CGROUP
    first: int | None = None
    """The first process of its namespaces: the box itself, but for one of one test."""
    test: OnlyTest | None = None

    def pids(self) -> set[int | None]:
        return {self.first, self.test.pid if self.test is not None else None}


@dataclass(slots=True)
class _Launcher:
    """Opens and closes boxes for the service, one request at a time, and watches those of one test."""

    control: socket.socket
    plan: Plan
    view: View
    parent: CgroupParent
    children: int | None
    firsts: FirstProcesses | None
    boxes: dict[int, _Standing] = field(default_factory=dict)
    watched: dict[int, tuple[int, OnlyTest]] = field(default_factory=dict)
    """Tests that run, and the boxes that they are, by the descriptors that tell of their end."""
    due: float = math.inf
    """When one of them is to be looked at, by the monotonic clock."""
    poller: select.poll = field(default_factory=select.poll)

    def serve(self) -> None:
        self.poller.register(self.control, select.POLLIN)
        try:
            while self._look_round():
                pass
        finally:
            for number in list(self.boxes):
                self._close(number)
            self.parent.remove()

    def _look_round(self) -> bool:
        """Wait for a request, the end of a test or its limit; False once the service is gone."""
        pause_ms = None if self.due == math.inf else max(0.0, self.due - time.monotonic()) * 1000
        told = {descriptor for descriptor, _ in self.poller.poll(pause_ms)}
        for descriptor in told & self.watched.keys():  # before a new box, which takes three times as long
            self._finish(*self.watched[descriptor])
        if self.control.fileno() in told and not self._answer_one():
            return False
        if self.due <= time.monotonic():
            self._look_at_tests()
        return True

    def _look_at_tests(self) -> None:
        """Those that are due; one that is ended here is seen to end, and so is never due again."""
        self.due = math.inf
        now = time.monotonic()
        for _, test in self.watched.values():
            if test.due <= now:
                test.look()
            self.due = min(self.due, test.due)

    def _answer_one(self) -> bool:
        packet = messages.receive(self.control)
        if packet is None:
            return False
        request, descriptors = packet
        if request["op"] != "open":
            messages.send(self.control, {"ask": request["ask"], **self._answered(request)})
        elif not self._open(request, descriptors):
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _open(self, request: dict[str, Any], descriptors: tuple[int, ...]) -> bool:
        """Make a box, which answers by itself; why there is none, it is told in its place.

        Whatever of it stands, the service closes. True where the descriptors are still needed.
        """
        try:
            return self._make(request, descriptors)
        except Exception as error:  # noqa: BLE001 - whatever fails for one box, the others go on
            with suppress(OSError, IndexError):  # without a free descriptor we got none, and its end tells
                os.write(descriptors[0], ending.ERROR + ending.told(error))
            return False

    def _answered(self, request: dict[str, Any]) -> dict[str, object]:
        try:
            if request["op"] == "usage":
                return {"oom_kills": self.boxes.get(request["id"], _Standing()).cgroup.oom_kills()}
            return {"leaked": self._close(request["id"])}
        except Exception as error:  # noqa: BLE001 - as above
            return {"error": ending.told(error).decode()}

    def _make(self, request: dict[str, Any], descriptors: tuple[int, ...]) -> bool:
        number, once = request["id"], request["once"]
        standing = self.boxes[number] = _Standing()
        standing.cgroup = self.parent.make(f"box-{number}", request["memory_bytes"], request["tasks"])
        nature = Nature(self.plan.uid_of(number), standing.cgroup, request["shares"], once is not None)
        if once is None:
            standing.first = box.fork(self.plan, self.view, descriptors[0], nature)
            return False
        cpu_s, wall_s = once
        heard = alarm.set_up()
        try:
            pid, fork_s = self._fork_beside_first(standing, nature, descriptors[0])
            test = standing.test = OnlyTest(pid, heard, descriptors, (cpu_s, wall_s), fork_s)
        except BaseException:
            os.close(heard)
            raise
        finally:
            alarm.hold_place()
        self.watched[test.watched] = number, test
        self.due = min(self.due, test.due)
        self.poller.register(test.watched, select.POLLIN)
        return True

    def _fork_beside_first(self, standing: _Standing, nature: Nature, channel_fd: int) -> tuple[int, float]:
        """The fork, and the seconds that it took."""
        if self.firsts is not None:
            standing.first = self.firsts.begin()
        began = time.monotonic()
        try:
            pid = box.fork(self.plan, self.view, channel_fd, nature)
        finally:
            if self.firsts is not None:
                self.firsts.step_back()
        return pid, time.monotonic() - began

    def _finish(self, number: int, test: OnlyTest) -> None:
        """A test ended, and so does its box; the service hears of both at once."""
        standing = self.boxes.pop(number)
        self._forget(test)
        test.reap(standing.cgroup, standing.first)
        test.tell(*self._clear(standing))
        test.close()

    def _close(self, number: int) -> tuple[int, int]:
        """End a box."""
        standing = self.boxes.pop(number, None)
        if standing is None:
            return 0, 0
        if standing.test is not None:
            self._forget(standing.test)
            standing.test.close()
        return self._clear(standing)

    def _forget(self, test: OnlyTest) -> None:
        del self.watched[test.watched]
        self.poller.unregister(test.watched)

    def _clear(self, standing: _Standing) -> tuple[int, int]:
        """End what there is, and count the cgroups and the processes that are left over.

        When its first process dies, the kernel ends the whole namespace. One test has ended before it: who
        ends it waits, for those of the namespace, until all have been waited for.
        """
        if standing.first is not None:
            first.end(standing.first)
        strays = self._end_strays()
        # Without namespaces a test outlives its box for a moment, and its end is ours to see.
        leaked = strays if self.plan.isolated else 0
        return standing.cgroup.remove(), leaked

    def _end_strays(self) -> int:
        """End processes that lost their box: as subreaper, the launcher inherits them."""
        if self.children is None:
            return 0
        known = {pid for standing in self.boxes.values() for pid in standing.pids()}
        listed = map(int, os.pread(self.children, 65_536, 0).split())
        strays = [pid for pid in listed if pid not in known]
        for pid in strays:
            first.end(pid)
        return len(strays)


def _open_children() -> int | None:
    """The kernel's list of this process's children, as this process numbers them."""
    try:
        return os.open(f"/proc/self/task/{os.getpid()}/children", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        return None


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
    large = large_pages.hold_interpreter()
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
    plan, failures = trial.choose_plan(view, namespaces=config["namespaces"])
    parent = CgroupParent.acquire(config["cgroup"])
    plan.prepare(view)
    children = _open_children()
    warm.open_standard_files()
    rehearsal.rehearse(plan, view)
    alarm.hold_place()
    firsts = first.offered(filesystem.FIRST_PROCESS) if plan.isolated else None
    warm.settle()
    found = {"name": plan.name, "isolated": plan.isolated, "failures": failures}
    once = firsts is not None or not plan.isolated
    messages.send(control, {**found, "cgroup_missing": parent.missing, "once": once, "large_pages": large})
    _Launcher(control, plan, view, parent, children, firsts).serve()
