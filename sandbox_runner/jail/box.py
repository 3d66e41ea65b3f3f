"""A box: the first process of a set of namespaces, which forks one confined child per test.

It serves one submission, never reads a test's input or output, and learns nothing worth stealing.
It watches the clock, ends whatever a test leaves behind, and counts what was used.
"""

import os
import select
import signal
import socket
import time
from collections.abc import Callable
from types import CodeType
from typing import Any, NoReturn

from sandbox_runner.jail import credentials, filesystem, libc, messages, program
from sandbox_runner.jail.confinement import Streams, enclose_box
from sandbox_runner.jail.limits import Limits
from sandbox_runner.jail.plan import Plan

_CHANNEL_FD = 3
_FIRST_FOREIGN_FD = 4
_SHORTEST_WAIT_S = 0.005
_CPU_COUNT = os.cpu_count() or 1


def serve(channel_fd: int, plan: Plan, uid: int | None) -> NoReturn:
    """Be a box until the service closes the channel or the launcher ends."""
    try:
        channel = _keep_only(channel_fd)
        try:
            _enter(plan, uid)
            box = _Box(channel, plan)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, this plan does not work here
            messages.send(channel, {"error": f"{type(error).__name__}: {error}"})
            os._exit(1)
        messages.send(channel, {"ready": True})
        try:
            box.answer_until_closed()
        except Exception as error:  # noqa: BLE001 - a box that breaks says how, once
            messages.send(channel, {"error": f"{type(error).__name__}: {error}"})
    finally:
        os._exit(1)


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
        credentials.write_identity_map(*plan.mapped_ids)
    if plan.isolated:
        socket.sethostname("sandbox")
        filesystem.mount_private()
    if uid is not None:
        credentials.become(uid)
    os.chdir(filesystem.SCRATCH if plan.isolated else "/")
    os.umask(0o022)
    filesystem.require_runtime()
    # The first process of a namespace is immune to every signal that it does not handle itself.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    credentials.renounce()


class _Box:
    def __init__(self, channel: socket.socket, plan: Plan) -> None:
        self._channel = channel
        self._plan = plan
        self._bounds: Limits | None = None
        self._code: CodeType | None = None
        self._scratch_age = filesystem.scratch_age() if plan.isolated else 0

    def answer_until_closed(self) -> None:
        while (packet := messages.receive(self._channel)) is not None:
            request, descriptors = packet
            try:
                messages.send(self._channel, self._answer(request, Streams(*descriptors)))
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)

    def _answer(self, request: dict[str, Any], streams: Streams) -> dict[str, object]:
        if self._bounds is None:
            return self._compile(streams, Limits(**request["limits"]))
        if self._code is None:
            return {"error": "the program did not compile"}
        return self._run(self._code, request["entry_point"], streams, self._bounds)

    def _compile(self, streams: Streams, bounds: Limits) -> dict[str, object]:
        """The first request brings the program and the limits of all its tests."""
        self._bounds = bounds
        enclose_box(bounds, isolated=self._plan.isolated, count_tasks=self._plan.has_own_user)
        source = os.pread(streams.given, os.fstat(streams.given).st_size, 0)
        ending = self._watch(lambda: program.compile_source(source, streams, bounds), bounds)
        if ending["status"] == 0:
            try:
                self._code = program.load_code(streams.stdout)
                program.remember_source(source)
            except MemoryError:
                ending["status"] = 1
        return ending

    def _run(
        self, code: CodeType, entry_point: str | None, streams: Streams, bounds: Limits
    ) -> dict[str, object]:
        if entry_point is None:
            return self._watch(lambda: program.run_script(code, streams, bounds), bounds)
        return self._watch(lambda: program.run_call(code, entry_point, streams, bounds), bounds)

    def _watch(self, run: Callable[[], None], bounds: Limits) -> dict[str, object]:
        started = time.monotonic()
        pid = _fork(run)
        fork_s = time.monotonic() - started
        stopped = self._wait(pid, started, bounds)
        status, cpu_s, memory_bytes = self._end_all(pid)
        return {
            "status": status,
            "stopped": stopped,
            "cpu_s": cpu_s,
            "wall_s": time.monotonic() - started,
            "memory_bytes": memory_bytes,
            "fork_s": fork_s,
            # Not only files that are left: one that came and went is a sign for the next test too.
            "dirty": self._plan.isolated and filesystem.scratch_age() != self._scratch_age,
        }

    def _wait(self, pid: int, started: float, bounds: Limits) -> str | None:
        """Wait for the test; end it at a limit and say which."""
        watched = os.pidfd_open(pid)
        poller = select.poll()
        poller.register(watched, select.POLLIN)
        poller.register(self._channel, select.POLLIN)
        try:
            while True:
                cpu_left = bounds.cpu_s - _cpu_s(pid)
                wall_left = started + bounds.wall_s - time.monotonic()
                if cpu_left <= 0 or wall_left <= 0:
                    return "cpu" if cpu_left <= 0 else "wall"
                # Threads can burn several seconds of CPU per second.
                pause_s = max(_SHORTEST_WAIT_S, min(cpu_left / _CPU_COUNT, wall_left))
                for descriptor, _ in poller.poll(pause_s * 1000):
                    if descriptor == watched:
                        return None
                    os._exit(0)  # nothing is sent during a test: the service hung up
        finally:
            os.close(watched)

    def _end_all(self, pid: int) -> tuple[int, float, int]:
        """Kill the test with all that it started, and add up what they used."""
        os.kill(pid, signal.SIGKILL)
        if self._plan.isolated:
            _kill_everyone_else()
        _, status, usage = os.wait4(pid, 0)
        cpu_s, memory = usage.ru_utime + usage.ru_stime, usage.ru_maxrss
        while self._plan.isolated:
            try:
                _, _, orphan = os.wait4(-1, 0)
            except ChildProcessError:
                break
            cpu_s += orphan.ru_utime + orphan.ru_stime
            memory = max(memory, orphan.ru_maxrss)
        return os.waitstatus_to_exitcode(status), cpu_s, memory * 1024


def _kill_everyone_else() -> None:
    """From the first process of a namespace, -1 means the whole namespace and nothing beyond it."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return


def _fork(run: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            credentials.die_with_parent()
            run()
        finally:
            os._exit(1)
    return pid


def _cpu_s(pid: int) -> float:
    """CPU time that all threads of a process have used, read from its CPU clock."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0
