"""The walls: those a box puts around itself once, and those that each test adds.

What a box has on already costs its tests nothing, so all that is the same for every test is put on there.
"""

import gc
import os
from dataclasses import dataclass

from sandbox_runner.jail import filesystem, landlock, libc, limits, seccomp
from sandbox_runner.jail.limits import Limits

REPORT_FD = 3
_FIRST_FOREIGN_FD = 4


@dataclass(frozen=True, slots=True)
class Streams:
    """Descriptors of one test, all of them memory files that were made for it alone.

    A memory file needs nobody to drain it: output stops at the file size limit, and a full pipe cannot block.
    """

    given: int
    stdout: int
    stderr: int
    report: int


def enclose_box(bounds: Limits, *, isolated: bool, count_tasks: bool) -> None:
    limits.apply(bounds, count_tasks=count_tasks)
    libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
    if landlock.abi() > 0:
        landlock.restrict_self(landlock.ruleset(filesystem.rules(scratch=isolated)))
    if seccomp.available():
        seccomp.install(seccomp.box_filter())


def enclose_test(streams: Streams, bounds: Limits, file_bytes: int) -> None:
    """Keep the four streams and nothing else, and lose the rights that only the box needs."""
    os.setsid()
    for target, source in enumerate((streams.given, streams.stdout, streams.stderr, streams.report)):
        os.dup2(source, target, inheritable=False)
    libc.close_from(_FIRST_FOREIGN_FD)
    limits.apply_to_test(bounds, file_bytes)
    if seccomp.available():
        seccomp.install(seccomp.test_filter(os.getpid(), may_fork=bounds.processes > 1))
    gc.enable()
