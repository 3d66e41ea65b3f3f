"""The walls: those a box puts around itself once, and those that each test adds.

What a box has on already costs its tests nothing, so all that is the same for every test is put on there,
and what each test needs is prepared there: a fork pays for every page that it touches.
"""

import gc
import os
import resource
from collections.abc import Callable

from sandbox_runner.jail import alarm, filesystem, landlock, limits, report, seccomp
from sandbox_runner.jail.alarm import ALARM_FD
from sandbox_runner.jail.filesystem import View
from sandbox_runner.jail.limits import Limits

REPORT_FD = 3
_STREAMS = 4


def enclose_box(bounds: Limits, view: View, *, isolated: bool, count_tasks: bool) -> None:
    """Needs no-new-privileges, as who has renounced them has."""
    limits.apply_to_box(bounds, count_tasks=count_tasks)
    if landlock.abi() > 0:
        landlock.restrict_self(landlock.ruleset(filesystem.rules(view, scratch=isolated)))
    if seccomp.available():
        may_link = isolated and bounds.processes > 1
        seccomp.install_box_filter(may_execute=view.has_build, may_link=may_link)


class TestWalls:
    __test__ = False  # not a test of ours

    def __init__(self, bounds: Limits, *, isolated: bool, begin: Callable[[], None] = alarm.let_go) -> None:
        """`begin`: the last thing to do before the program is next."""
        self._begin = begin
        self._cpu_s = limits.cpu_seconds(bounds)
        may_fork = bounds.processes > 1
        self._filter = seccomp.test_filter(may_fork=may_fork, alone=isolated) if seccomp.available() else None

    def enclose(self, streams: tuple[int, ...], first_foreign: int) -> int:
        """Keep the four streams and what is below `first_foreign`; lose the rights that only a box needs.

        The alarm goes last: a wall that cannot be put up is still told, and a program cannot ring it.
        Further descriptors become `first_foreign`, which is returned, and those that follow it.

        The streams are memory files made for this test alone. Nobody has to drain them: output stops
        at the file size limit, and a full pipe cannot block.
        """
        os.setsid()
        os.dup2(streams[0], 0)
        os.dup2(streams[1], 1)
        os.dup2(streams[2], 2)
        os.dup2(streams[3], REPORT_FD)
        further = streams[_STREAMS:]
        for place, descriptor in enumerate(further, first_foreign):
            os.dup2(descriptor, place)
        os.closerange(first_foreign + len(further), ALARM_FD)
        resource.setrlimit(resource.RLIMIT_CPU, self._cpu_s)
        if self._filter is not None:
            self._filter.install()
        self._begin()
        report.speak_alone()
        gc.enable()
        return first_foreign
