"""A box of several tests: it forks one confined child for each.

It watches the clock, ends whatever a test leaves behind, and counts what was used.
"""

import json
import math
import os
import select
import signal
import socket
import time

from sandbox_runner.jail import alarm, ending, filesystem, messages, scratch, usage, waiting
from sandbox_runner.jail.limits import Limits
from sandbox_runner.jail.plan import Plan
from sandbox_runner.jail.programs import Program, be_test
from sandbox_runner.jail.report import write_all

# A program fills some 50 MB in that time.
_MEMORY_WATCH_S = 0.02


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
            be_test(self._program, request, streams)
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
