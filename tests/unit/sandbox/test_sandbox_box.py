"""What a box answers where its test did not get as far as the program."""

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

import pytest

from sandbox_runner.jail import credentials, ending, messages
from sandbox_runner.jail.alarm import ALARM_FD
from sandbox_runner.jail.box import Nature, serve
from sandbox_runner.jail.cgroups import NO_CGROUP, Cgroup
from sandbox_runner.jail.confinement import TestWalls
from sandbox_runner.jail.ending import Ending
from sandbox_runner.jail.filesystem import View
from sandbox_runner.jail.limits import Limits
from sandbox_runner.jail.plan import Plan
from sandbox_runner.jail.several import Box

_LIMITS = Limits(cpu_s=5, wall_s=20, memory_bytes=1 << 30, output_bytes=1 << 20, processes=1)


class _Failing:
    """A program whose test raises while its walls go up, or leaves with a status of its own."""

    outgrows = False
    compiles = True

    def __init__(self, fault: BaseException | None, status: int = 0) -> None:
        self._fault = fault
        self._status = status

    def prepare(self, request: bytes) -> Limits:
        return _LIMITS

    def take(self, files: Mapping[str, bytes]) -> None:
        """Leave them: there are none."""

    def be_test(self, request: bytes, streams: tuple[int, ...]) -> NoReturn:
        if self._fault is not None:
            raise self._fault
        TestWalls(_LIMITS, isolated=False).enclose(streams, 4)
        try:
            os.write(ALARM_FD, b"OSError: forged")
        except OSError:
            os._exit(self._status)
        os._exit(99)

    def compiling_cpu_s(self) -> float:
        return 0.0

    def settle(self, request: bytes, status: int) -> bool:
        return False


@contextmanager
def _boxed(program: _Failing) -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        try:
            ours.close()
            os.dup2(theirs.fileno(), 3)
            os.closerange(4, 1_024)
            Box(socket.socket(fileno=3), Plan("none"), program).answer_until_closed()
        finally:
            os._exit(1)
    with ours:
        theirs.close()
        ours.settimeout(20)
        yield ours
    os.waitpid(pid, 0)


class _Sleeping(_Failing):
    def be_test(self, request: bytes, streams: tuple[int, ...]) -> NoReturn:
        credentials.die_with_parent()
        while True:
            time.sleep(99)


def _ask(channel: socket.socket) -> None:
    streams = [os.memfd_create("stream") for _ in range(4)]
    socket.send_fds(channel, [messages.SCRIPT], streams)
    for stream in streams:
        os.close(stream)


def _answer(program: _Failing) -> bytes:
    with _boxed(program) as channel:
        _ask(channel)
        return messages.receive_packet(channel)


def test_a_wall_that_cannot_be_put_up_is_a_fault_of_ours() -> None:
    assert _answer(_Failing(OSError(12, "no memory for the filter"))) == (
        ending.ERROR + b"OSError: [Errno 12] no memory for the filter"
    )


def test_a_test_without_memory_for_its_input_says_nothing_of_the_program() -> None:
    found = Ending.unpack(_answer(_Failing(MemoryError())))

    assert (found.stopped, found.compiled) == ("memory", True)


@pytest.mark.parametrize(
    ("packet", "nature", "told"),
    [
        (b"", Nature(None, NO_CGROUP), b""),
        (b"{", Nature(None, NO_CGROUP), ending.ERROR + b"JSONDecodeError: "),
        (b"", Nature(None, Cgroup("gone", (0,), unified=False)), ending.ERROR + b"NotADirectoryError: "),
    ],
    ids=["left", "told nonsense", "without its cgroup"],
)
def test_a_box_that_cannot_go_on_says_why_and_is_no_second_launcher(
    packet: bytes, nature: Nature, told: bytes
) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        ours.close()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        try:
            serve(theirs.fileno(), Plan("none"), View(), nature)
        finally:
            os._exit(77)
    with ours:
        theirs.close()
        ours.settimeout(20)
        if packet:
            ours.send(packet)
        else:
            ours.shutdown(socket.SHUT_WR)
        assert messages.receive_packet(ours)[: len(told) or 99] == told
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1


def test_a_box_whose_service_hung_up_ends_under_its_test() -> None:
    with _boxed(_Sleeping(None)) as channel:
        _ask(channel)
        time.sleep(0.2)
        channel.close()
        hung_up = time.monotonic()
    # `_boxed` has waited for the box; the test would have gone on for 20 seconds.

    assert time.monotonic() - hung_up < 10


@pytest.mark.parametrize("status", [1, 125])
def test_a_program_cannot_ring_the_alarm(status: int) -> None:
    found = Ending.unpack(_answer(_Failing(None, status)))

    assert (found.status, found.stopped, found.compiled) == (status, None, False)
