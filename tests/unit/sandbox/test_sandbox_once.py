"""How a box of one test tells of its end."""

import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from sandbox_runner.jail import alarm, ending, first, libc, waiting
from sandbox_runner.jail.cgroups import NO_CGROUP, Cgroup
from sandbox_runner.jail.ending import Ending
from sandbox_runner.jail.once import OnlyTest

_BURNT_S = 0.5
_BOUNDS = (5.0, 20.0)


class _Full(Cgroup):
    """One in which the kernel ended a process."""

    def oom_kills(self) -> int:
        return 1


_FULL = _Full("", (), unified=False)


@contextmanager
def _running(
    be: Callable[[], object], bounds: tuple[float, float] = _BOUNDS, clock: tuple[int, ...] = ()
) -> Iterator[tuple[OnlyTest, socket.socket]]:
    """A test that is a fork of this process."""
    service, channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    heard, ringing = os.pipe2(os.O_NONBLOCK)
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(ringing, alarm.ALARM_FD)
            os.closerange(3, alarm.ALARM_FD)
            be()
        finally:
            os._exit(1)
    os.close(ringing)
    test = OnlyTest(pid, heard, (channel.detach(), *clock), bounds, 0.25)
    with service:
        service.settimeout(20)
        try:
            yield test, service
        finally:
            test.close()


def _told(be: Callable[[], object], cgroup: Cgroup = NO_CGROUP) -> bytes:
    with _running(be) as (test, service):
        test.reap(cgroup, None)
        test.tell(0, 0)
        return service.recv(4096)


def _ending(be: Callable[[], object], cgroup: Cgroup = NO_CGROUP) -> Ending:
    return Ending.unpack(_told(be, cgroup))


def _leave(status: int) -> Callable[[], None]:
    return lambda: os._exit(status)


def _after(*steps: Callable[[], object]) -> Callable[[], object]:
    return lambda: [step() for step in steps]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _burn(seconds: float = _BURNT_S) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def _wait_long() -> None:
    time.sleep(99)


@contextmanager
def _ended() -> Iterator[int]:
    """A child that nobody has waited for yet."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    try:
        yield pid
    finally:
        os.waitpid(pid, 0)


def test_what_is_not_the_programs_is_not_counted() -> None:
    started = time.monotonic()
    found = _ending(_after(_burn, alarm.tell_begun, _burn, alarm.tell_compiled, _leave(3)))
    whole_s = time.monotonic() - started

    assert (found.status, found.stopped, found.compiled, found.fork_s) == (3, None, True, 0.25)
    assert found.cpu_s < _BURNT_S / 2
    assert _BURNT_S <= found.wall_s <= whole_s - _BURNT_S
    assert found.memory_bytes > 1 << 20


def test_what_the_program_uses_is() -> None:
    found = _ending(_after(alarm.tell_begun, alarm.tell_compiled, _burn, _leave(0)))

    assert found.cpu_s >= _BURNT_S


def test_a_program_that_does_not_compile_is_said_to_be_none() -> None:
    found = _ending(_after(alarm.tell_begun, _leave(1)))

    assert (found.status, found.compiled) == (1, False)


def test_a_program_may_leave_with_the_status_of_the_alarm() -> None:
    found = _ending(_after(alarm.tell_begun, alarm.tell_compiled, _leave(alarm.NOT_BEGUN)))

    assert (found.status, found.compiled) == (alarm.NOT_BEGUN, True)


@pytest.mark.parametrize(
    ("be", "told"),
    [
        (lambda: alarm.ring(b"OSError: no filter"), b"OSError: no filter"),
        (_leave(1), b"a test ended before its program began"),
        (_leave(0), b"a test ended before its program began"),
        (lambda: os.kill(os.getpid(), signal.SIGSYS), b"a test ended before its program began"),
    ],
    ids=["rang", "broke", "vanished", "killed by its own walls"],
)
def test_what_ends_before_its_program_is_a_fault_of_ours(be: Callable[[], object], told: bytes) -> None:
    assert _told(be) == ending.ERROR + told


def test_why_one_was_killed_is_not_guessed() -> None:
    gone = Cgroup("gone", (0,), unified=False)
    told = _told(_after(alarm.tell_begun, alarm.tell_compiled, _die), gone)

    assert told.startswith(ending.ERROR + b"NotADirectoryError: ")


def test_nobody_waits_for_what_a_test_may_tell() -> None:
    """One that is compiled for long has told half of it when it is looked at."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        heard = alarm.set_up()
        os._exit(77 if alarm.heard(heard) is None else 1)

    assert libc.reap(pid)[0] == 77


def test_a_test_without_memory_for_its_input_says_nothing_of_the_program() -> None:
    found = _ending(lambda: alarm.ring(b"MemoryError: "))

    assert (found.stopped, found.compiled) == ("memory", True)


def test_one_that_is_killed_before_its_program_may_be_tried_again() -> None:
    found = _ending(_die)

    assert (found.status, found.stopped, found.compiled) == (-signal.SIGKILL, None, False)


@pytest.mark.parametrize(
    ("be", "stopped"),
    [(_after(alarm.tell_begun, alarm.tell_compiled, _die), "memory"), (_leave(1), None)],
    ids=["killed", "left"],
)
def test_the_kernel_kills_for_want_of_memory(be: Callable[[], object], stopped: str | None) -> None:
    told = _told(_after(alarm.tell_begun, be), _FULL)

    assert Ending.unpack(told).stopped == stopped


@pytest.mark.parametrize(
    ("be", "bounds", "stopped"),
    [(_wait_long, (5.0, 0.3), "wall"), (lambda: _burn(99), (0.1, 99.0), "cpu")],
    ids=["waits", "computes"],
)
def test_a_test_is_ended_at_its_limit(
    be: Callable[[], object], bounds: tuple[float, float], stopped: str
) -> None:
    with _running(_after(alarm.tell_begun, alarm.tell_compiled, be), bounds) as (test, service):
        looks = 0
        while test.due < float("inf"):
            time.sleep(max(0.0, test.due - time.monotonic()))
            test.look()
            looks += 1
        test.reap(_FULL, None)  # that it also met another limit is not asked
        test.tell(2, 3)
        found = Ending.unpack(service.recv(4096))

    assert (found.status, found.stopped) == (-signal.SIGKILL, stopped)
    assert (found.leaked_cgroups, found.leaked_processes) == (2, 3)
    assert 0 < looks < 100


def test_the_clocks_of_a_test_do_not_run_before_it_has_begun() -> None:
    with _running(_wait_long, (0.01, 0.01)) as (test, _):
        for _ in range(5):
            time.sleep(0.02)
            test.look()

        assert time.monotonic() < test.due < time.monotonic() + 1
        assert test.pid is not None


def test_cpu_time_before_the_beginning_counts_for_no_limit() -> None:
    with _running(_after(_burn, alarm.tell_begun, alarm.tell_compiled, _wait_long), (_BURNT_S / 2, 99.0)) as (
        test,
        _,
    ):
        for _ in range(8):
            time.sleep(_BURNT_S / 4)
            test.look()

        assert test.due < float("inf")


def test_a_program_that_others_ask_is_late_by_its_own_clock() -> None:
    clock = os.memfd_create("clock")
    with _running(_after(alarm.tell_ready, _wait_long), (5.0, 0.05), (clock,)) as (test, service):
        time.sleep(0.1)
        test.look()
        assert test.due < float("inf")  # nobody has waited for it yet
        with waiting.WaitingClock(clock):
            time.sleep(0.1)
            test.look()
        test.reap(NO_CGROUP, None)
        test.tell(0, 0)
        found = Ending.unpack(service.recv(4096))

    assert (found.stopped, found.compiled) == ("wall", True)
    assert found.wall_s >= 0.1


def test_who_does_not_listen_is_not_told() -> None:
    with _running(_leave(0)) as (test, service):
        test.reap(NO_CGROUP, None)
        service.close()
        test.tell(0, 0)

        assert test.pid is None


def test_one_that_is_closed_has_ended_and_holds_nothing() -> None:
    held = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with _running(_wait_long, clock=(os.memfd_create("clock"),)) as (test, _):
        pid = test.pid
    assert pid is not None

    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    assert len(os.listdir("/proc/self/fd")) == held  # noqa: PTH208


def test_a_test_that_cannot_be_watched_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int) -> int:
        raise OSError(24, "too many")

    pid = os.fork()
    if pid == 0:
        time.sleep(99)
        os._exit(0)
    monkeypatch.setattr(os, "pidfd_open", refuse)
    with pytest.raises(OSError, match="too many"):
        OnlyTest(pid, -1, (-1,), _BOUNDS, 0.0)

    with pytest.raises(ChildProcessError):
        os.waitpid(pid, 0)


def test_a_first_process_that_is_killed_is_seen_to_end() -> None:
    with _ended() as pid:
        assert first.is_ending(pid)


@pytest.mark.parametrize(
    ("be", "wall_s", "told"),
    [
        (_die, 99.0, (ending.ERROR, b"its first process was killed")),
        (_leave(3), 99.0, (3, None)),
        (_wait_long, 0.0, (-signal.SIGKILL, "wall")),
    ],
    ids=["killed", "left", "ended here"],
)
def test_a_first_process_that_is_killed_explains_no_end_but_a_kill(
    be: Callable[[], object], wall_s: float, told: tuple[object, object]
) -> None:
    with _running(_after(alarm.tell_ready, be), (5.0, wall_s)) as (test, service), _ended() as pid:
        while wall_s == 0 and test.due < float("inf"):
            test.look()
            time.sleep(0.01)
        test.reap(NO_CGROUP, pid)
        test.tell(0, 0)
        packet = service.recv(4096)

    if packet.startswith(ending.ENDING):
        found = Ending.unpack(packet)
        assert (found.status, found.stopped) == told
    else:
        assert (packet[:1], packet[1:]) == told


def test_a_child_is_waited_for_with_what_it_used() -> None:
    pid = os.fork()
    if pid == 0:
        held = bytearray(64 << 20)
        _burn()
        os._exit(len(held) % 7 + 3)
    status, cpu_s, memory_bytes = libc.reap(pid)

    assert status == (64 << 20) % 7 + 3
    assert _BURNT_S <= cpu_s < 10 * _BURNT_S
    assert 64 << 20 < memory_bytes <= resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    with pytest.raises(ChildProcessError):
        libc.reap(pid)


def test_a_child_that_was_killed_has_the_signal_for_its_status() -> None:
    pid = os.fork()
    if pid == 0:
        _die()

    assert libc.reap(pid)[0] == -signal.SIGKILL
