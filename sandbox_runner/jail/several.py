"""A box of several tests: it forks one confined child for each.

It watches the clock, ends whatever a test leaves behind, and counts what was used.
"""

import json
import math
import os
import select
import signal
import socket
from os import close, fork, kill, pidfd_open
from time import monotonic

from sandbox_runner.jail import alarm, ending, filesystem, messages, scratch, usage
from sandbox_runner.jail.alarm import NOT_BEGUN, heard
from sandbox_runner.jail.ending import ENDING, pack
from sandbox_runner.jail.filesystem import scratch_state
from sandbox_runner.jail.libc import reap
from sandbox_runner.jail.limits import Limits
from sandbox_runner.jail.messages import descriptors_in
from sandbox_runner.jail.plan import Plan
from sandbox_runner.jail.programs import Program, be_test
from sandbox_runner.jail.report import write_all
from sandbox_runner.jail.usage import pause_s
from sandbox_runner.jail.waiting import wall_s

# By names of its own, and with few calls: between two forks each module and function is a page to copy.
_READABLE, _SIGKILL = select.POLLIN, int(signal.SIGKILL)
_WITH_CLOCK = messages.MAX_DESCRIPTORS
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
        self._chores = {
            messages.PUT_FILES: self._put_files,
            messages.FETCH_FILES: self._fetch_files,
            messages.CLEAN: self._clean,
        }

    def close(self) -> None:
        os.close(self._heard)
        os.close(alarm.ALARM_FD)

    def answer_until_closed(self) -> None:
        receive, send = self._channel.recvmsg, self._channel.send
        while True:
            request, ancillary, _, _ = receive(messages.MAX_PACKET_BYTES, messages.DESCRIPTORS_SPACE)
            if not request:
                return
            descriptors = descriptors_in(ancillary)
            send(self._answer(request, descriptors))
            for descriptor in descriptors:
                close(descriptor)

    def _answer(self, request: bytes, descriptors: tuple[int, ...]) -> bytes:
        chore = self._chores.get(request)
        return self._run(request, descriptors) if chore is None else chore(descriptors)

    def _put_files(self, descriptors: tuple[int, ...]) -> bytes:
        files = messages.unbundle(messages.read_whole(descriptors[0]))
        scratch.put(files, filesystem.SCRATCH)
        self._program.take(files)
        return ending.READY

    def _fetch_files(self, descriptors: tuple[int, ...]) -> bytes:
        names, most_bytes = json.loads(messages.read_whole(descriptors[0]))
        write_all(descriptors[1], messages.bundle(scratch.fetch(names, most_bytes)))
        return ending.READY

    def _clean(self, descriptors: tuple[int, ...]) -> bytes:
        scratch.empty()
        self._scratch = filesystem.scratch_state()
        if self._built != self._state_of_build():
            return ending.ERROR + b"a test changed what was built"
        return ending.READY

    def _run(self, request: bytes, streams: tuple[int, ...]) -> bytes:
        program = self._program
        bounds = program.prepare(request)
        compiles = program.compiles
        started = monotonic()
        pid = fork()
        if pid == 0:
            be_test(program, request, streams)
        fork_s = monotonic() - started
        clock = streams[-1] if len(streams) == _WITH_CLOCK and request == messages.SERVE else None
        stopped = self._wait(pid, started, bounds, clock)
        compiling_cpu_s = program.compiling_cpu_s() if compiles else 0.0
        status, cpu_s, memory_bytes = self._end_all(pid, may_fork=bounds.processes > 1)
        if self._keeps and request == messages.COMPILE:
            self._built = self._state_of_build()
        fault = heard(self._heard) if status == NOT_BEGUN else None
        if fault is not None:
            if not alarm.of_memory(fault):
                return ending.ERROR + fault
            stopped = ending.AT_MEMORY
        return pack(
            ENDING,
            status,
            stopped,
            max(0.0, cpu_s - compiling_cpu_s),
            wall_s(started, clock),
            memory_bytes,
            fork_s,
            self._isolated and self._is_dirty(),
            not compiles or program.settle(request, status) or fault is not None,
        )

    def _wait(self, pid: int, started: float, bounds: Limits, clock: int | None) -> int:
        """Wait for the test; end it at a limit and say which. One whose `clock` stands is not late."""
        watched = pidfd_open(pid)
        self._poller.register(watched, _READABLE)
        cpu_left, wall_left = bounds.cpu_s, bounds.wall_s
        together = self._isolated and bounds.processes > 1
        try:
            while cpu_left > 0 and wall_left > 0:
                for descriptor, _ in self._poller.poll(
                    pause_s(cpu_left, wall_left, self._longest_wait_s) * 1000
                ):
                    if descriptor == watched:
                        return 0
                    os._exit(0)  # the service hung up
                used_s = usage.cpu_s_of_all() if together else usage.cpu_s(pid)
                cpu_left = bounds.cpu_s + self._program.compiling_cpu_s() - used_s
                wall_left = bounds.wall_s - wall_s(started, clock)
                if self._watches_memory and usage.largest_bytes() > bounds.memory_bytes:
                    return ending.AT_MEMORY
            return ending.AT_CPU if cpu_left <= 0 else ending.AT_WALL
        finally:
            self._poller.unregister(watched)
            close(watched)

    def _end_all(self, pid: int, *, may_fork: bool) -> tuple[int, float, int]:
        """Kill the test with all that it started, and add up what they used."""
        kill(pid, _SIGKILL)
        if not (self._isolated and may_fork):
            return reap(pid)
        _kill_everyone_else()
        status, cpu_s, memory_bytes = reap(pid)
        while True:
            try:
                _, _, orphan = os.wait4(-1, 0)
            except ChildProcessError:
                return status, cpu_s, memory_bytes
            cpu_s += orphan.ru_utime + orphan.ru_stime
            memory_bytes = max(memory_bytes, orphan.ru_maxrss * 1024)

    def _is_dirty(self) -> bool:
        """Not only when files are left: one that came and went is a sign for the next test too."""
        changed = scratch_state() != self._scratch
        return changed or (self._keeps and self._state_of_build() != self._built)

    def _state_of_build(self) -> tuple[tuple[int, int], ...]:
        return filesystem.build_state() if self._keeps else ()


def _kill_everyone_else() -> None:
    """From the first process of a namespace, -1 means the whole namespace and nothing beyond it."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return
