"""A box: a fork of the launcher within walls of its own, which serves one submission.

It never reads a test's input or output, and learns nothing worth stealing.
"""

import os
import socket
from dataclasses import dataclass
from typing import NoReturn

from sandbox_runner.jail import alarm, credentials, ending, filesystem, libc, messages, programs
from sandbox_runner.jail.cgroups import Cgroup
from sandbox_runner.jail.filesystem import View
from sandbox_runner.jail.plan import Plan
from sandbox_runner.jail.programs import Program
from sandbox_runner.jail.several import Box

_CHANNEL_FD = 3
_FIRST_FOREIGN_FD = 4


@dataclass(frozen=True, slots=True)
class Nature:
    """What the launcher decides of a box."""

    uid: int | None
    cgroup: Cgroup
    shares: bool = False
    """There may be several processes, which share memory."""
    once: bool = False
    """It runs one test, and becomes that: a first process beside it holds its namespaces, if it has any."""


def fork(plan: Plan, view: View, channel_fd: int, nature: Nature) -> int:
    """Make one, in its namespaces and its cgroup. Raises OSError."""
    nursery = nature.cgroup.open()
    # Who runs one test is born beside a first process.
    namespaces = plan.namespaces & ~libc.CLONE_NEWPID if nature.once else plan.namespaces
    try:
        pid = libc.fork_into(namespaces, nursery)
        if pid == 0:
            serve(channel_fd, plan, view, nature)
        return pid
    finally:
        if nursery is not None:
            os.close(nursery)


def serve(channel_fd: int, plan: Plan, view: View, nature: Nature) -> NoReturn:
    """Be a box until the service closes the channel or the launcher ends."""
    try:
        refusal = _refusal_of(nature.cgroup)
        channel = _keep_only(channel_fd, with_alarm=nature.once)
        try:
            if refusal is None:
                enter(plan, view, nature)
                _serve_submission(channel, plan, view, nature)
            else:
                channel.send(ending.ERROR + refusal)
        except Exception as error:  # noqa: BLE001 - a box that breaks says how, once
            channel.send(ending.ERROR + ending.told(error))
    finally:
        os._exit(1)


def _refusal_of(cgroup: Cgroup) -> bytes | None:
    """Be counted before anything else, while the way there is open; that it failed can be said only later."""
    try:
        cgroup.enter()
    except OSError as error:
        return ending.told(error)
    return None


def _serve_submission(channel: socket.socket, plan: Plan, view: View, nature: Nature) -> None:
    setup = messages.receive(channel)
    if setup is None:
        return
    request, descriptors = setup
    if "limits" not in request:  # the launcher tries whether boxes can be made
        channel.send(ending.READY)
        return
    program = programs.load(request, descriptors, plan, view, once=nature.once)
    if nature.once:
        _be_only_test(channel, program)
        return
    watches = program.outgrows and plan.isolated and not nature.cgroup.parents
    Box(channel, plan, program, watches_memory=watches, keeps=view.has_build).answer_until_closed()


def _be_only_test(channel: socket.socket, program: Program) -> None:
    """Take the first request, and become its test."""
    request, ancillary, _, _ = channel.recvmsg(messages.MAX_PACKET_BYTES, messages.DESCRIPTORS_SPACE)
    if request:
        program.prepare(request)
        programs.be_test(program, request, messages.descriptors_in(ancillary))


def _keep_only(channel_fd: int, *, with_alarm: bool) -> socket.socket:
    if channel_fd != _CHANNEL_FD:
        os.dup2(channel_fd, _CHANNEL_FD)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    if with_alarm:
        libc.close_range(_FIRST_FOREIGN_FD, alarm.ALARM_FD - 1)
    libc.close_range(alarm.ALARM_FD + 1 if with_alarm else _FIRST_FOREIGN_FD)
    return socket.socket(fileno=_CHANNEL_FD)


def enter(plan: Plan, view: View, nature: Nature) -> None:
    """Move into the box: its own mounts, user and working directory, without a capability."""
    if plan.isolated:
        socket.sethostname("sandbox")
        filesystem.mount_private(view, shares=nature.shares)
    if plan.mapped_ids is not None:  # from here on it has no right over its other namespaces
        libc.unshare(libc.CLONE_NEWUSER)
        credentials.drop_bounding_set()
        credentials.write_identity_map(*plan.mapped_ids)
    if nature.uid is not None:
        credentials.become(nature.uid)
    os.chdir(filesystem.SCRATCH if plan.isolated else "/")
    os.umask(0o022)
    filesystem.require_runtime()
    credentials.renounce()
