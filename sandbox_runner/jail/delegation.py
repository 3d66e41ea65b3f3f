"""Where boxes' cgroups may be made: in what was delegated to this service, or where root may.

Version 2 wants no process beside the groups that divide memory, so a delegated group's own processes first
move into a leaf (cgroup-v2.rst, "No Internal Process Constraint" and "Delegation").
"""

import os
from contextlib import suppress
from dataclasses import dataclass

_MOUNT = "/sys/fs/cgroup"
_SERVICE = "ctrl-service"
# systemd's marks; the second is for root's eyes. It ends a unit of which a process dies for want of memory,
# unless the unit is delegated: so a group without a mark is not divided, even where we may write.
_DELEGATED = ("user.delegate", "trusted.delegate")
# Processes that fork while they are moved leave a child behind, for the next round.
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Delegation:
    """Where boxes may have cgroups."""

    directories: tuple[str, ...]
    """Memory first, tasks last; version 2 has one for both."""
    unified: bool


def find(wanted: str) -> Delegation:
    """Take the version 2 directory `wanted`; without one, version 1, or else what is ours of version 2.

    "self" is the service's own group of version 2. Raises OSError, whose text says what is missing.
    """
    if wanted not in ("", "self"):
        return Delegation((wanted,), unified=True)
    own = _own_groups()
    if not wanted and "memory" in own and "pids" in own:
        return Delegation((f"{_MOUNT}/memory{own['memory']}", f"{_MOUNT}/pids{own['pids']}"), unified=False)
    if "" not in own:
        raise OSError("this kernel has neither version of cgroups with memory and pids")
    directory = _own_v2_directory(own[""].rstrip("/"), delegated=wanted == "self")
    return Delegation((directory,), unified=True)


def _own_v2_directory(group: str, *, delegated: bool) -> str:
    own = _MOUNT + group
    if os.path.basename(own) == _SERVICE:  # another launcher has moved us
        return os.path.dirname(own)
    if not os.path.exists(f"{own}/cgroup.controllers"):
        raise OSError(f"no cgroup hierarchy of version 2 at {own}")
    if not os.path.exists(f"{own}/cgroup.type"):  # the machine's own top, which may hold processes
        return own
    if delegated or group == "" or (_is_marked(own) and _holds_no_strangers(own)):
        _vacate(own)
        return own
    if os.geteuid() == 0:
        return _MOUNT
    raise OSError(f"{own} was not delegated to this service alone")


def _holds_no_strangers(directory: str) -> bool:
    """Whether all processes of a group are the service's, or led to its start."""
    service = os.getppid()
    starters = _lineage(service)
    processes = map(int, _lines(f"{directory}/cgroup.procs"))
    return all(service in _lineage(process) or process in starters for process in processes)


def _is_marked(directory: str) -> bool:
    for mark in _DELEGATED:
        with suppress(OSError):
            if os.getxattr(directory, mark) == b"1":
                return True
    return False


def _lineage(pid: int) -> list[int]:
    """This process, its parent, and so on."""
    lineage = []
    with suppress(FileNotFoundError, ProcessLookupError):  # one that has ended since
        while pid > 0:
            lineage.append(pid)
            stat = "".join(_lines(f"/proc/{pid}/stat"))
            pid = int(stat.rpartition(")")[2].split()[1])
    return lineage


def _vacate(directory: str) -> None:
    """Move every process of this group, all of them the service's, into a leaf of it."""
    leaf = f"{directory}/{_SERVICE}"
    os.makedirs(leaf, exist_ok=True)
    for _ in range(_ROUNDS):
        pids = _lines(f"{directory}/cgroup.procs")
        if not pids:
            return
        for pid in pids:
            with suppress(ProcessLookupError):
                _write(f"{leaf}/cgroup.procs", pid)
    raise OSError(f"{directory} does not become empty of processes")


def _own_groups() -> dict[str, str]:
    """Controller → this process's group; version 2 stands under the empty name."""
    rows = [line.split(":", 2) for line in _lines("/proc/self/cgroup")]
    return {controller: path for _, controllers, path in rows for controller in controllers.split(",")}


def _lines(path: str) -> list[str]:
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def _write(path: str, content: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(content)
