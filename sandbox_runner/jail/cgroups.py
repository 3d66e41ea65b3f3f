"""A cgroup for each box, where the machine lets us make one: the only true sum of memory and tasks.

Version 2 needs a subtree that was delegated to us and holds no process itself; version 1 needs write access
beneath our own group. Not covered: CPU shares; a box is held to its CPU time, not to a share of a core.
"""

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass

from sandbox_runner.jail import delegation, libc

# The box's first process lives in the group too, and must survive a test that fills it.
_OWN_BYTES = 32 << 20
_OWN_NAME = "ctrl-sandbox-"


@dataclass(frozen=True, slots=True)
class Cgroup:
    """One leaf: a directory per hierarchy, held open because the launcher leaves the host's file tree."""

    name: str
    parents: tuple[int, ...]
    """Memory first, tasks last; version 2 has one for both."""
    unified: bool

    def open(self) -> int | None:
        """Open what a process can be born into (version 2)."""
        if not self.unified:
            return None
        return os.open(self.name, os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self.parents[0])

    def enter(self) -> None:
        """Move this process, which has one thread, into what it was not born into (version 1).

        A thread that moves itself takes no lock on all forks of the machine. Moving a process from outside
        does: 4 to 12 ms of waiting for the kernel's readers, box after box.
        """
        for parent in () if self.unified else self.parents:
            _write(parent, f"{self.name}/tasks", "0")

    def oom_kills(self) -> int:
        if not self.parents:
            return 0
        events = "memory.events" if self.unified else "memory.oom_control"
        lines = _read(self.parents[0], f"{self.name}/{events}").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))

    def remove(self) -> int:
        """Remove the leaf and count the directories that would not go."""
        left = 0
        for parent in self.parents:
            try:
                os.rmdir(self.name, dir_fd=parent)
            except OSError:
                left += 1
        return left


NO_CGROUP = Cgroup("", (), unified=False)


@dataclass(frozen=True, slots=True)
class CgroupParent:
    """Where leaves are made: a directory of our own in each hierarchy; `missing` says why there is none."""

    descriptors: tuple[int, ...] = ()
    unified: bool = False
    missing: str | None = None
    name: str = ""

    @classmethod
    def acquire(cls, wanted: str) -> "CgroupParent":
        """Build in the version 2 directory `wanted`, or else in what is ours; "none" takes nothing."""
        if wanted == "none":
            return cls(missing="switched off by SANDBOX_CGROUP=none")
        descriptors: list[int] = []
        name = f"{_OWN_NAME}{os.getpid()}"
        try:
            found = delegation.find(wanted)
            for directory in found.directories:
                _sweep(directory)
                descriptors.append(_make_own(directory, name, unified=found.unified))
            acquired = cls(tuple(descriptors), found.unified, name=name)
            if found.unified:
                _try_birth(acquired.make("trial", 0, 1))
        except OSError as error:
            cls(tuple(descriptors), name=name).remove()
            return cls(missing=str(error))
        return acquired

    def make(self, name: str, memory_bytes: int, tasks: int) -> Cgroup:
        """Make a leaf in every hierarchy, or in none."""
        made = Cgroup(name, self.descriptors, self.unified)
        try:
            for descriptor in self.descriptors:
                os.mkdir(name, dir_fd=descriptor)
            if self.descriptors:
                self._bound(name, str(memory_bytes + _OWN_BYTES), str(tasks))
        except OSError:
            made.remove()
            raise
        return made

    def _bound(self, name: str, memory_bytes: str, tasks: str) -> None:
        _write(self.descriptors[-1], f"{name}/pids.max", tasks)
        if self.unified:
            _write(self.descriptors[0], f"{name}/memory.max", memory_bytes)
            with suppress(OSError):  # a kernel without swap accounting has no such file
                _write(self.descriptors[0], f"{name}/memory.swap.max", "0")
        else:
            _write(self.descriptors[0], f"{name}/memory.limit_in_bytes", memory_bytes)

    def remove(self) -> None:
        """Remove our own directories, by a way that does not need the host's file tree."""
        for descriptor in self.descriptors:
            with suppress(OSError):
                os.rmdir(f"../{self.name}", dir_fd=descriptor)


def _make_own(directory: str, name: str, *, unified: bool) -> int:
    own = f"{directory}/{name}"
    os.mkdir(own)
    try:
        if unified:
            for parent in (directory, own):
                with open(f"{parent}/cgroup.subtree_control", "r+", encoding="ascii") as file:
                    file.write("+memory +pids")
        descriptor = os.open(own, os.O_DIRECTORY | os.O_CLOEXEC)
        with suppress(OSError):  # version 1 has it where memory is counted, and leaves inherit it
            _write(descriptor, "memory.swappiness", "0")
    except OSError:
        os.rmdir(own)
        raise
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _try_birth(trial: Cgroup) -> None:
    """Being born into a group takes more than writing there: the right over all that divides it from ours."""
    nursery = trial.open()
    try:
        pid = libc.fork_into(0, nursery)
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
    except OSError as error:
        raise OSError(f"no process can be started in a new cgroup: {error}") from error
    finally:
        if nursery is not None:
            os.close(nursery)
        trial.remove()


def _sweep(directory: str) -> None:
    """Remove what launchers left that were killed; a living one holds a lock on its directory."""
    for name in os.listdir(directory):
        if name.startswith(_OWN_NAME):
            descriptor = os.open(f"{directory}/{name}", os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                _remove_unless_locked(f"{directory}/{name}", descriptor)
            finally:
                os.close(descriptor)


def _remove_unless_locked(stale: str, descriptor: int) -> None:
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for leaf in os.listdir(descriptor):
            if leaf.startswith("box-"):
                os.rmdir(f"{stale}/{leaf}")
        os.rmdir(stale)


def _write(directory: int, path: str, content: str) -> None:
    descriptor = os.open(path, os.O_WRONLY, dir_fd=directory)
    try:
        os.write(descriptor, content.encode())
    finally:
        os.close(descriptor)


def _read(directory: int, path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY, dir_fd=directory)
    try:
        return os.read(descriptor, 65_536).decode()
    finally:
        os.close(descriptor)
