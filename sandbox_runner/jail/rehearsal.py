"""What the launcher does as every box will, before the first box.

The interpreter makes code quick that runs often, and remembers where it found an attribute. It writes both
where all processes have them: one that does something for the first time copies each of those pages.
"""

import gc
import linecache
import os
import resource
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from itertools import product
from typing import NoReturn

from sandbox_runner.jail import (
    box,
    credentials,
    filesystem,
    landlock,
    libc,
    messages,
    program,
    programs,
    report,
    seccomp,
    values,
    warm,
)
from sandbox_runner.jail.alarm import ALARM_FD
from sandbox_runner.jail.box import Nature
from sandbox_runner.jail.cgroups import NO_CGROUP
from sandbox_runner.jail.confinement import REPORT_FD
from sandbox_runner.jail.filesystem import View
from sandbox_runner.jail.limits import Limits
from sandbox_runner.jail.plan import Plan
from sandbox_runner.jail.several import Box
from sandbox_runner.jail.solution import CODE_FD

_TIMES = 20  # the interpreter begins with the eighth call
_LIMITS = Limits(cpu_s=1, wall_s=1, memory_bytes=1 << 30, output_bytes=1 << 20, processes=1)
_SETUP = {"kind": "python", "limits": asdict(_LIMITS), "ceiling": asdict(_LIMITS), "command": None}
DESCRIPTORS = (REPORT_FD, CODE_FD, ALARM_FD)
"""Those that tests have: none may be the launcher's while it rehearses."""
# A program, what its box is asked, and what its test is given.
_PROGRAMS = (
    (b"print(input())\n", messages.SCRIPT, b"1\n"),
    (b"def f(n):\n    return n\n", b"f", values.encode(((3,), {}, [], False)).encode()),
)


def _do_nothing(*_: object) -> int:
    return 0


# By these a box and its tests give up what the launcher needs, or change what is the launcher's.
_POWERS: tuple[tuple[object, str, Callable[..., object]], ...] = (
    (os, "chdir closerange setgroups setresgid setresuid setsid umask utime", _do_nothing),
    (resource, "setrlimit", _do_nothing),
    (socket, "sethostname", _do_nothing),
    (libc, "prctl raw_prctl unshare", _do_nothing),
    (credentials, "prctl syscall write_identity_map", _do_nothing),
    (filesystem, "mount", _do_nothing),
    (landlock, "restrict_self", os.close),
)


def rehearse(plan: Plan, view: View) -> None:
    """Be boxes and their tests, without their walls, then a box whose tests are forks and do nothing."""
    seccomp.warm_up()
    with _powerless():
        for _ in range(_TIMES):
            for asked, once in product(_PROGRAMS, (False, True)):
                _be_box(plan, view, asked, once=once)
    _answer(plan)


class _LeftError(BaseException):
    """In the place of a test's end."""


def _leave(status: int) -> NoReturn:
    raise _LeftError


@contextmanager
def _powerless() -> Iterator[None]:
    """Take from this process whatever could harm it, and leave no trace of what it does meanwhile."""
    powers = [(owner, name, instead) for owner, names, instead in _POWERS for name in names.split()]
    powers.append((os, "_exit", _leave))
    saved = [(owner, name, getattr(owner, name)) for owner, name, _ in powers]
    main = sys.modules["__main__"]
    nothing = os.open(os.devnull, os.O_RDWR)
    standard = [os.dup(descriptor) for descriptor in (0, 1, 2)]
    os.dup2(nothing, REPORT_FD)
    try:
        for owner, name, instead in powers:
            setattr(owner, name, instead)
        yield
    finally:
        for owner, name, power in saved:
            setattr(owner, name, power)
        for descriptor, kept in enumerate(standard):
            os.dup2(kept, descriptor)
            os.close(kept)
        for descriptor in {nothing, *DESCRIPTORS}:
            with suppress(OSError):
                os.close(descriptor)
        sys.modules["__main__"] = main
        sys.modules.pop("solution", None)
        linecache.cache.pop(report.FILE_NAME, None)
        program.renew_modules()
        report.speak_with_all()
        warm.open_standard_files()
        gc.unfreeze()


def _be_box(plan: Plan, view: View, asked: tuple[bytes, bytes, bytes], *, once: bool) -> None:
    source, request, given = asked
    code = _file(b"")
    service, channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with service, channel:
        held = _file(source)
        socket.send_fds(service, [messages.pack(_SETUP)], [held] if once else [held, code])
        os.close(held)
        box.enter(plan, view, Nature(plan.uid_of(0), NO_CGROUP))
        setup = messages.receive(channel)
        if setup is None:
            raise OSError("nothing was sent")
        running = programs.load(*setup, plan, view, once=once)
        if not once:
            Box(channel, plan, running).close()
        for _ in ("compiling it",) if once else ("compiling it", "taking what was compiled"):
            os.dup2(code, CODE_FD)
            os.dup2(REPORT_FD, ALARM_FD)
            running.prepare(request)
            streams = [_file(given), *(os.dup(REPORT_FD) for _ in range(3))]
            with suppress(_LeftError):
                running.be_test(request, tuple(streams))
            for stream in streams:
                os.close(stream)
            os.dup2(REPORT_FD, CODE_FD)
    os.close(code)


def _file(content: bytes) -> int:
    made = os.memfd_create("rehearsal", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.pwrite(made, content, 0)
    return made


def _answer(plan: Plan) -> None:
    service, channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with service, channel, open(os.devnull, "rb") as nothing:
        answering = Box(channel, plan, _Nothing())
        for _ in range(_TIMES):
            socket.send_fds(service, [messages.SCRIPT], [nothing.fileno()] * 4)
        service.shutdown(socket.SHUT_WR)
        answering.answer_until_closed()
        answering.close()


class _Nothing:
    """A program whose tests end at once."""

    outgrows = False
    compiles = False

    def prepare(self, request: bytes) -> Limits:
        return _LIMITS

    def take(self, files: Mapping[str, bytes]) -> None:
        """Leave them: there are none."""

    def be_test(self, request: bytes, streams: tuple[int, ...]) -> NoReturn:
        os._exit(0)

    def compiling_cpu_s(self) -> float:
        return 0.0

    def settle(self, request: bytes, status: int) -> bool:
        return True
