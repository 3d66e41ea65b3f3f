"""A box: the first process of a set of namespaces, which forks one confined child per test.

It serves one submission, never reads a test's input or output, and learns nothing worth stealing.
It watches the clock, ends whatever a test leaves behind, and counts what was used.
"""

import os
import select
import signal
import socket
import struct
import time
from typing import Any, NoReturn

from sandbox_runner.jail import credentials, ending, filesystem, libc, messages, program, values
from sandbox_runner.jail.confinement import TestWalls, enclose_box
from sandbox_runner.jail.limits import Limits
from sandbox_runner.jail.plan import Plan
from sandbox_runner.jail.solution import CODE_FD, Solution

_CHANNEL_FD = 3
_FIRST_FOREIGN_FD = 4
_SHORTEST_WAIT_S = 0.005
_CPU_COUNT = os.cpu_count() or 1
# Code grows when it is compiled, though never by this much.
_CODE_GROWTH = 16
_STREAMS = struct.Struct("4i")
_STREAMS_SPACE = socket.CMSG_SPACE(_STREAMS.size)


def serve(channel_fd: int, plan: Plan, uid: int | None) -> NoReturn:
    """Be a box until the service closes the channel or the launcher ends."""
    try:
        channel = _keep_only(channel_fd)
        try:
            _enter(plan, uid)
            _serve_submission(channel, plan)
        except Exception as error:  # noqa: BLE001 - a box that breaks says how, once
            channel.send(ending.ERROR + f"{type(error).__name__}: {error}".encode("utf-8", "replace"))
    finally:
        os._exit(1)


def _serve_submission(channel: socket.socket, plan: Plan) -> None:
    setup = messages.receive(channel)
    if setup is None:
        return
    request, descriptors = setup
    if "limits" not in request:  # the launcher tries whether boxes can be made
        channel.send(ending.READY)
        return
    _Box(channel, plan, Limits(**request["limits"]), descriptors).answer_until_closed()


def _keep_only(channel_fd: int) -> socket.socket:
    if channel_fd != _CHANNEL_FD:
        os.dup2(channel_fd, _CHANNEL_FD)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    libc.close_from(_FIRST_FOREIGN_FD)
    return socket.socket(fileno=_CHANNEL_FD)


def _enter(plan: Plan, uid: int | None) -> None:
    if plan.mapped_ids is not None:
        credentials.drop_bounding_set()
        credentials.write_identity_map(*plan.mapped_ids)
    if plan.isolated:
        socket.sethostname("sandbox")
        filesystem.mount_private()
    if uid is not None:
        credentials.become(uid)
    os.chdir(filesystem.SCRATCH if plan.isolated else "/")
    os.umask(0o022)
    filesystem.require_runtime()
    credentials.renounce()


class _Box:
    """What is needed for each test, made before the first: the loop below is paid for ten times over."""

    def __init__(self, channel: socket.socket, plan: Plan, bounds: Limits, descriptors: list[int]) -> None:
        source_fd, code_fd = descriptors
        source = os.pread(source_fd, os.fstat(source_fd).st_size, 0)
        os.close(source_fd)
        if code_fd != CODE_FD:
            os.dup2(code_fd, CODE_FD)
            os.close(code_fd)
        self._channel = channel
        self._bounds = bounds
        self._solution = Solution(source)
        self._isolated = plan.isolated
        self._may_fork = bounds.processes > 1
        file_bytes = max(bounds.file_bytes, _CODE_GROWTH * len(source))
        enclose_box(bounds, file_bytes, isolated=plan.isolated, count_tasks=plan.has_own_user)
        self._walls = TestWalls(bounds)
        self._poller = select.poll()
        self._poller.register(channel, 0)  # no more than that the service hung up
        self._clean_size = os.stat(filesystem.SCRATCH).st_size if plan.isolated else 0  # noqa: PTH116

    def answer_until_closed(self) -> None:
        receive, send = self._channel.recvmsg, self._channel.send
        while True:
            request, ancillary, _, _ = receive(messages.MAX_PACKET_BYTES, _STREAMS_SPACE)
            if not request:
                return
            streams = _STREAMS.unpack(ancillary[0][2])
            send(self._run(request, streams))
            for stream in streams:
                os.close(stream)

    def _run(self, request: bytes, streams: tuple[int, int, int, int]) -> bytes:
        started = time.monotonic()
        pid = os.fork()
        if pid == 0:
            self._be_test(request, streams)
        fork_s = time.monotonic() - started
        stopped = self._wait(pid, started)
        compiling_cpu_s = self._solution.compiling_cpu_s()
        status, cpu_s, memory_bytes = self._end_all(pid)
        return ending.pack(
            ending.ENDING,
            status,
            stopped,
            max(0.0, cpu_s - compiling_cpu_s),
            time.monotonic() - started,
            memory_bytes,
            fork_s,
            self._is_dirty(),
            self._solution.load(),
        )

    def _be_test(self, request: bytes, streams: tuple[int, int, int, int]) -> NoReturn:
        try:
            if not self._isolated:  # elsewhere the kernel ends the whole namespace with its first process
                credentials.die_with_parent()
            arguments: Any = None
            if request != messages.SCRIPT:
                arguments = values.decode(os.pread(streams[0], os.fstat(streams[0]).st_size, 0))
                os.dup2(0, streams[0])  # a called function reads nothing
            self._walls.enclose(streams, CODE_FD + (self._solution.code is None))
            if request == messages.SCRIPT:
                program.run_script(self._solution)
            program.run_call(self._solution, request.decode(), arguments)
        finally:
            os._exit(1)

    def _wait(self, pid: int, started: float) -> int:
        """Wait for the test; end it at a limit and say which."""
        watched = os.pidfd_open(pid)
        self._poller.register(watched, select.POLLIN)
        cpu_left, wall_left = self._bounds.cpu_s, self._bounds.wall_s
        try:
            while cpu_left > 0 and wall_left > 0:
                # Threads can burn several seconds of CPU per second.
                pause_s = max(_SHORTEST_WAIT_S, min(cpu_left / _CPU_COUNT, wall_left))
                for descriptor, _ in self._poller.poll(pause_s * 1000):
                    if descriptor == watched:
                        return 0
                    os._exit(0)  # the service hung up
                cpu_left = self._bounds.cpu_s + self._solution.compiling_cpu_s() - _cpu_s(pid)
                wall_left = started + self._bounds.wall_s - time.monotonic()
            return ending.AT_CPU if cpu_left <= 0 else ending.AT_WALL
        finally:
            self._poller.unregister(watched)
            os.close(watched)

    def _end_all(self, pid: int) -> tuple[int, float, int]:
        """Kill the test with all that it started, and add up what they used."""
        os.kill(pid, signal.SIGKILL)
        everyone = self._isolated and self._may_fork
        if everyone:
            _kill_everyone_else()
        _, status, usage = os.wait4(pid, 0)
        cpu_s, memory = usage.ru_utime + usage.ru_stime, usage.ru_maxrss
        while everyone:
            try:
                _, _, orphan = os.wait4(-1, 0)
            except ChildProcessError:
                break
            cpu_s += orphan.ru_utime + orphan.ru_stime
            memory = max(memory, orphan.ru_maxrss)
        return os.waitstatus_to_exitcode(status), cpu_s, memory * 1024

    def _is_dirty(self) -> bool:
        """Tell whether a file was left: a directory of a tmpfs is as large as it has entries."""
        return self._isolated and os.stat(filesystem.SCRATCH).st_size != self._clean_size  # noqa: PTH116


def _kill_everyone_else() -> None:
    """From the first process of a namespace, -1 means the whole namespace and nothing beyond it."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return


def _cpu_s(pid: int) -> float:
    """CPU time that all threads of a process have used, read from its CPU clock."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0
