"""A box: the first process of a set of namespaces, which forks one confined child per test.

It serves one submission, never reads a test's input or output, and learns nothing worth stealing.
It watches the clock, ends whatever a test leaves behind, and counts what was used.
"""

import json
import math
import os
import select
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from sandbox_runner.jail import (
    alarm,
    credentials,
    ending,
    filesystem,
    libc,
    messages,
    scratch,
    usage,
    waiting,
)
from sandbox_runner.jail.cgroups import Cgroup
from sandbox_runner.jail.confinement import enclose_box
from sandbox_runner.jail.filesystem import View
from sandbox_runner.jail.limits import Limits
from sandbox_runner.jail.native import Command, NativeProgram
from sandbox_runner.jail.plan import Plan
from sandbox_runner.jail.program import PythonProgram
from sandbox_runner.jail.report import write_all
from sandbox_runner.jail.solution import CODE_FD, OnlySolution, Solution
from sandbox_runner.jail.tests import TestsProgram

_CHANNEL_FD = 3
_FIRST_FOREIGN_FD = 4
# A program fills some 50 MB in that time.
_MEMORY_WATCH_S = 0.02


class Program(Protocol):
    """What a box runs. Methods that run in the box are called for every test, and are short for that."""

    outgrows: bool
    """Its limits alone do not hold its memory, so that a box without a cgroup has to look."""

    def prepare(self, request: bytes) -> Limits:
        """Make ready for a request, and give the limits that it runs under."""
        ...

    def take(self, files: Mapping[str, bytes]) -> None:
        """Learn of files that were put into the scratch directory for it."""
        ...

    def be_test(self, request: bytes, streams: tuple[int, ...]) -> NoReturn:
        """Run in a fork of the box."""
        ...

    def compiling_cpu_s(self) -> float:
        """CPU seconds of the running test that do not count."""
        ...

    def settle(self, request: bytes, status: int) -> bool:
        """Take note of how a test ended; tell whether the program is known to compile."""
        ...


@dataclass(frozen=True, slots=True)
class Nature:
    """What the launcher decides of a box."""

    uid: int | None
    cgroup: Cgroup
    shares: bool = False
    """There may be several processes, which share memory."""
    once: bool = False
    """It runs one test, and becomes that: a first process beside it holds its namespaces, if it has any."""


def serve(channel_fd: int, plan: Plan, view: View, nature: Nature) -> NoReturn:
    """Be a box until the service closes the channel or the launcher ends."""
    try:
        refusal = _refusal_of(nature.cgroup)
        channel = _keep_only(channel_fd, with_alarm=nature.once)
        try:
            if refusal is None:
                enter(plan, view, nature)
                _serve_submission(channel, plan, view, nature)
            else:
                channel.send(ending.ERROR + refusal)
        except Exception as error:  # noqa: BLE001 - a box that breaks says how, once
            channel.send(ending.ERROR + _told(error))
    finally:
        os._exit(1)


def _refusal_of(cgroup: Cgroup) -> bytes | None:
    """Be counted before anything else, while the way there is open; that it failed can be said only later."""
    try:
        cgroup.enter()
    except OSError as error:
        return _told(error)
    return None


def _told(error: Exception) -> bytes:
    return f"{type(error).__name__}: {error}".encode("utf-8", "replace")


def _serve_submission(channel: socket.socket, plan: Plan, view: View, nature: Nature) -> None:
    setup = messages.receive(channel)
    if setup is None:
        return
    request, descriptors = setup
    if "limits" not in request:  # the launcher tries whether boxes can be made
        channel.send(ending.READY)
        return
    program = load(request, descriptors, plan, view, once=nature.once)
    if nature.once:
        be_only_test(channel, program)
        return
    watches = program.outgrows and plan.isolated and not nature.cgroup.parents
    Box(channel, plan, program, watches_memory=watches, keeps=view.has_build).answer_until_closed()


def be_only_test(channel: socket.socket, program: Program) -> None:
    """Take the first request, and become its test."""
    request, ancillary, _, _ = channel.recvmsg(messages.MAX_PACKET_BYTES, messages.DESCRIPTORS_SPACE)
    if request:
        program.prepare(request)
        _be_test(program, request, messages.descriptors_in(ancillary))


def _be_test(program: Program, request: bytes, streams: tuple[int, ...]) -> NoReturn:
    """What fails before the program begins is not its fault, and rings the alarm."""
    try:
        program.be_test(request, streams)
    except Exception as error:  # noqa: BLE001 - `be_test` reports what the program raises
        alarm.ring(_told(error))
    finally:
        os._exit(1)


def load(
    request: dict[str, Any], descriptors: tuple[int, ...], plan: Plan, view: View, *, once: bool
) -> Program:
    """Take what the box is told first, and put its walls up."""
    bounds, ceiling = Limits(**request["limits"]), Limits(**request["ceiling"])
    source_fd, *code_fds = descriptors
    source = messages.read_whole(source_fd)
    os.close(source_fd)
    for code_fd in code_fds:
        if code_fd != CODE_FD:
            os.dup2(code_fd, CODE_FD)
            os.close(code_fd)
    enclose_box(ceiling, view, isolated=plan.isolated, count_tasks=plan.has_own_user)
    match request["kind"]:
        case "native":
            return NativeProgram(source, Command.read(request["command"]), bounds, view)
        case "tests":
            return TestsProgram(bounds, isolated=plan.isolated, once=once)
    solution = OnlySolution(source) if once else Solution(source)
    return PythonProgram(solution, bounds, isolated=plan.isolated)


def _keep_only(channel_fd: int, *, with_alarm: bool) -> socket.socket:
    if channel_fd != _CHANNEL_FD:
        os.dup2(channel_fd, _CHANNEL_FD)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    if with_alarm:
        libc.close_range(_FIRST_FOREIGN_FD, alarm.ALARM_FD - 1)
    libc.close_range(alarm.ALARM_FD + 1 if with_alarm else _FIRST_FOREIGN_FD)
    return socket.socket(fileno=_CHANNEL_FD)


def enter(plan: Plan, view: View, nature: Nature) -> None:
    """Move into the box: its own mounts, user and working directory, without a capability."""
    if plan.isolated:
        socket.sethostname("sandbox")
        filesystem.mount_private(view, shares=nature.shares)
    if plan.mapped_ids is not None:  # from here on it has no right over its other namespaces
        libc.unshare(libc.CLONE_NEWUSER)
        credentials.drop_bounding_set()
        credentials.write_identity_map(*plan.mapped_ids)
    if nature.uid is not None:
        credentials.become(nature.uid)
    os.chdir(filesystem.SCRATCH if plan.isolated else "/")
    os.umask(0o022)
    filesystem.require_runtime()
    credentials.renounce()


class Box:
    """What is needed for each test, made before the first: the loop below is paid for ten times over."""

    def __init__(
        self,
        channel: socket.socket,
        plan: Plan,
        program: Program,
        *,
        watches_memory: bool = False,
        keeps: bool = False,
    ) -> None:
        """`keeps`: what it has built is used by all tests."""
        self._channel = channel
        self._program = program
        self._isolated = plan.isolated
        self._longest_wait_s = _MEMORY_WATCH_S if watches_memory else math.inf
        self._watches_memory = watches_memory
        self._poller = select.poll()
        self._poller.register(channel, 0)  # no more than that the service hung up
        self._heard = alarm.set_up()
        self._scratch = filesystem.scratch_state() if plan.isolated else None
        self._keeps = keeps
        self._built = self._state_of_build()

    def close(self) -> None:
        os.close(self._heard)
        os.close(alarm.ALARM_FD)

    def answer_until_closed(self) -> None:
        receive, send = self._channel.recvmsg, self._channel.send
        while True:
            request, ancillary, _, _ = receive(messages.MAX_PACKET_BYTES, messages.DESCRIPTORS_SPACE)
            if not request:
                return
            descriptors = messages.descriptors_in(ancillary)
            send(self._answer(request, descriptors))
            for descriptor in descriptors:
                os.close(descriptor)

    def _answer(self, request: bytes, descriptors: tuple[int, ...]) -> bytes:
        if request == messages.PUT_FILES:
            files = messages.unbundle(messages.read_whole(descriptors[0]))
            scratch.put(files, filesystem.SCRATCH)
            self._program.take(files)
        elif request == messages.FETCH_FILES:
            names, most_bytes = json.loads(messages.read_whole(descriptors[0]))
            write_all(descriptors[1], messages.bundle(scratch.fetch(names, most_bytes)))
        elif request == messages.CLEAN:
            scratch.empty()
            self._scratch = filesystem.scratch_state()
            if self._built != self._state_of_build():
                return ending.ERROR + b"a test changed what was built"
        else:
            return self._run(request, descriptors)
        return ending.READY

    def _run(self, request: bytes, streams: tuple[int, ...]) -> bytes:
        bounds = self._program.prepare(request)
        started = time.monotonic()
        pid = os.fork()
        if pid == 0:
            _be_test(self._program, request, streams)
        fork_s = time.monotonic() - started
        clock = streams[messages.MAX_DESCRIPTORS - 1] if request == messages.SERVE else None
        stopped = self._wait(pid, started, bounds, clock)
        compiling_cpu_s = self._program.compiling_cpu_s()
        status, cpu_s, memory_bytes = self._end_all(pid, may_fork=bounds.processes > 1)
        if request == messages.COMPILE:
            self._built = self._state_of_build()
        fault = alarm.heard(self._heard) if status == alarm.NOT_BEGUN else None
        if fault is not None:
            if not alarm.of_memory(fault):
                return ending.ERROR + fault
            stopped = ending.AT_MEMORY
        return ending.pack(
            ending.ENDING,
            status,
            stopped,
            max(0.0, cpu_s - compiling_cpu_s),
            _wall_s(started, clock),
            memory_bytes,
            fork_s,
            self._is_dirty(),
            self._program.settle(request, status) or fault is not None,
        )

    def _wait(self, pid: int, started: float, bounds: Limits, clock: int | None) -> int:
        """Wait for the test; end it at a limit and say which. One whose `clock` stands is not late."""
        watched = os.pidfd_open(pid)
        self._poller.register(watched, select.POLLIN)
        cpu_left, wall_left = bounds.cpu_s, bounds.wall_s
        together = self._isolated and bounds.processes > 1
        try:
            while cpu_left > 0 and wall_left > 0:
                pause_s = usage.pause_s(cpu_left, wall_left, self._longest_wait_s)
                for descriptor, _ in self._poller.poll(pause_s * 1000):
                    if descriptor == watched:
                        return 0
                    os._exit(0)  # the service hung up
                used_s = usage.cpu_s_of_all() if together else usage.cpu_s(pid)
                cpu_left = bounds.cpu_s + self._program.compiling_cpu_s() - used_s
                wall_left = bounds.wall_s - _wall_s(started, clock)
                if self._watches_memory and usage.largest_bytes() > bounds.memory_bytes:
                    return ending.AT_MEMORY
            return ending.AT_CPU if cpu_left <= 0 else ending.AT_WALL
        finally:
            self._poller.unregister(watched)
            os.close(watched)

    def _end_all(self, pid: int, *, may_fork: bool) -> tuple[int, float, int]:
        """Kill the test with all that it started, and add up what they used."""
        os.kill(pid, signal.SIGKILL)
        everyone = self._isolated and may_fork
        if everyone:
            _kill_everyone_else()
        _, status, used = os.wait4(pid, 0)
        cpu_s, memory = used.ru_utime + used.ru_stime, used.ru_maxrss
        while everyone:
            try:
                _, _, orphan = os.wait4(-1, 0)
            except ChildProcessError:
                break
            cpu_s += orphan.ru_utime + orphan.ru_stime
            memory = max(memory, orphan.ru_maxrss)
        return os.waitstatus_to_exitcode(status), cpu_s, memory * 1024

    def _is_dirty(self) -> bool:
        """Not only when files are left: one that came and went is a sign for the next test too."""
        return self._isolated and (
            filesystem.scratch_state() != self._scratch or self._state_of_build() != self._built
        )

    def _state_of_build(self) -> tuple[tuple[int, int], ...]:
        return filesystem.build_state() if self._keeps else ()


def _wall_s(started: float, clock: int | None) -> float:
    return time.monotonic() - started if clock is None else waiting.waited_s(clock)


def _kill_everyone_else() -> None:
    """From the first process of a namespace, -1 means the whole namespace and nothing beyond it."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return
