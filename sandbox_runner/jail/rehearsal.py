"""What the launcher does as every box will, before the first box.

The interpreter makes code quick that runs often, and writes that where the code is: a box that does it
for the first time copies each of those pages.
"""

import os
import socket
from collections.abc import Mapping
from typing import NoReturn

from sandbox_runner.jail import filesystem, landlock, messages, seccomp, values
from sandbox_runner.jail.box import Box
from sandbox_runner.jail.filesystem import View
from sandbox_runner.jail.limits import Limits
from sandbox_runner.jail.plan import Plan

_TIMES = 20  # the interpreter begins with the eighth call
_LIMITS = Limits(cpu_s=1, wall_s=1, memory_bytes=1, output_bytes=1, processes=1)
_VALUE: object = ((3, "x"), {}, [], False)


def rehearse(plan: Plan, view: View) -> None:
    """Confine nothing, carry a value, and answer a box's channel with tests that do nothing."""
    for _ in range(_TIMES):
        rules = filesystem.rules(view, scratch=plan.isolated)  # looked up once for all boxes
        if landlock.abi() > 0:
            os.close(landlock.ruleset(rules))
        values.decode(values.encode(_VALUE))
    seccomp.warm_up()
    _answer(plan)


def _answer(plan: Plan) -> None:
    service, channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with service, channel, open(os.devnull, "rb") as nothing:
        box = Box(channel, plan, _Nothing())
        for _ in range(_TIMES):
            socket.send_fds(service, [messages.SCRIPT], [nothing.fileno()] * 4)
        service.shutdown(socket.SHUT_WR)
        box.answer_until_closed()
        box.close()


class _Nothing:
    """A program whose tests end at once."""

    outgrows = False

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
