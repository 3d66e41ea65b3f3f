"""What a box can see: the language's runtime, read-only, a few devices and a small scratch directory.

The launcher builds this tree once and moves into it, so that a new mount namespace copies ten mounts and
not all those of the host.
"""

import os
from dataclasses import dataclass
from functools import cache

from sandbox_runner.jail import first
from sandbox_runner.jail.landlock import DEVICE, EXECUTE, READ, WRITE
from sandbox_runner.jail.libc import mount, pivot_root, unmount
from sandbox_runner.jail.usage import PROC_FD

SCRATCH = "/tmp"  # noqa: S108 - a mount of its own in every box
BUILD = "/box"
FIRST_PROCESS = "/first"
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - the scratch directory by another name
_SCRATCH_OPTIONS = "size=16m,nr_inodes=1024,mode=1777"
_BUILD_OPTIONS = "size=256m,nr_inodes=4096,mode=1777"
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
# Not asked of `sysconfig`: its answers are a large table, and every fork pays for what is in memory.
_STDLIB = os.path.dirname(os.__file__)
_DESCRIPTORS = {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}

_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 32, 4096, 16384, 1 << 18
_MNT_DETACH = 2


@dataclass(frozen=True, slots=True)
class View:
    """What boxes see besides Python's own runtime."""

    readable: tuple[str, ...] = ()
    executable: tuple[str, ...] = ()

    @property
    def has_build(self) -> bool:
        """Programs are compiled and executed, in a directory of their own."""
        return bool(self.executable)

    @property
    def paths(self) -> tuple[str, ...]:
        """All of it, less what lies in a directory that is shown already."""
        every = dict.fromkeys((*self.executable, *self.readable, *runtime_paths()))
        return tuple(path for path in every if not any(path.startswith(f"{other}/") for other in every))


@cache
def runtime_paths() -> tuple[str, ...]:
    """Directories that Python needs after start: its library and the shared objects that extensions load."""
    multiarch = f"{os.uname().machine}-linux-gnu"
    candidates = (
        _STDLIB,
        f"/lib/{multiarch}",
        f"/usr/lib/{multiarch}",
        "/lib64",
        "/usr/lib64",
        "/usr/share/zoneinfo",
        "/usr/lib/locale/C.utf8",
    )
    return tuple(path for path in candidates if os.path.isdir(path))


@cache
def _distinct(paths: tuple[str, ...]) -> tuple[str, ...]:
    """One path for each directory: where `/lib` is a link, one rule holds for both names."""
    found = {
        (status.st_dev, status.st_ino): path for path, status in ((path, os.stat(path)) for path in paths)
    }
    return tuple(found.values())


def require_runtime() -> None:
    """Fail where the user that a box became may not read Python's own library."""
    os.close(os.open(_STDLIB, os.O_RDONLY | os.O_DIRECTORY))


@cache
def rules(view: View, *, scratch: bool, built: bool = False) -> tuple[tuple[str, int], ...]:
    """The same view, as Landlock rules; once `built`, a program cannot be changed any more."""
    readable = [(path, READ) for path in view.readable]
    # What is executed is loaded by the system's own loader.
    runtime = [(path, EXECUTE if view.executable else READ) for path in _distinct(runtime_paths())]
    executable = [*runtime, *((path, EXECUTE) for path in view.executable)]
    # A box of its own has no other devices.
    devices = [("/dev", DEVICE)] if scratch else [(path, DEVICE) for path in _DEVICES]
    # By the last, where it is open, the box counts what its processes use.
    private = [(SCRATCH, WRITE), ("/proc", READ), (f"/proc/self/fd/{PROC_FD}", READ)] if scratch else []
    build = [(BUILD, EXECUTE if built else EXECUTE | WRITE)] if view.has_build else []
    return (*readable, *executable, *devices, *private, *build)


def enter_minimal_root(view: View, *, own_processes: bool) -> None:
    """Build the tree on a fresh tmpfs and make it the root of this mount namespace.

    `own_processes`: this process has a namespace of its own for them, and `/proc` shall be of that.
    """
    mount("none", "/", "", _MS_REC | _MS_PRIVATE)
    root = _mountpoint(view.paths)
    mount("box", root, "tmpfs", _MS_NOSUID | _MS_NODEV, "size=1m,mode=755")
    for path in view.paths:
        _bind_read_only(path, root + path)
    _bind_devices(root)
    _write_first_process(root + FIRST_PROCESS)
    for name in ("proc", SCRATCH[1:], BUILD[1:], "old"):
        os.makedirs(f"{root}/{name}", exist_ok=True)
    # A user namespace may mount a new /proc only where it already sees a whole one.
    if own_processes:
        mount("proc", f"{root}/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    else:
        mount("/proc", f"{root}/proc", "", _MS_BIND | _MS_REC)
    os.chdir(root)
    pivot_root(".", "old")
    unmount("/old", _MNT_DETACH)
    os.rmdir("/old")
    os.chdir("/")
    mount("box", "/", "", _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)


def _mountpoint(paths: tuple[str, ...]) -> str:
    """A directory that a mount may hide, because nothing of what is shown lies in it."""
    for place in ("/tmp", "/mnt", "/media", "/srv", "/var"):  # noqa: S108 - nothing is written there
        if os.path.isdir(place) and not any(f"{path}/".startswith(f"{place}/") for path in paths):
            return place
    raise OSError("no directory to build the root of boxes on")


def mount_private(view: View, *, shares: bool) -> None:
    """Give this box its own scratch directory and its own view of processes.

    Where there may be several, the box keeps a view that hides none; and the memory that they share is
    scratch too: named semaphores and segments are files.
    """
    if view.has_build:
        mount("build", BUILD, "tmpfs", _MS_NOSUID | _MS_NODEV, _BUILD_OPTIONS)
    mount("scratch", SCRATCH, "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, _SCRATCH_OPTIONS)
    os.utime(SCRATCH, (0, 0))  # long ago, so that the first change shows in any clock
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    if shares:
        mount(SCRATCH, _SHARED_MEMORY, "", _MS_BIND)
        mount("proc", "/proc", "proc", flags, "subset=pid")
        whole = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        os.dup2(whole, PROC_FD, inheritable=False)
        os.close(whole)
    mount("proc", "/proc", "proc", flags, "subset=pid,hidepid=invisible")


def scratch_state() -> tuple[int, int]:
    """When an entry of the scratch directory last came or went, and how long it is.

    A program cannot set this time back. But kernels before 6.13 count it in ticks of some milliseconds, in
    which a box that is emptied has its next test begin: what that one leaves shows in the length.
    """
    status = os.stat(SCRATCH)
    return status.st_mtime_ns, status.st_size


def build_state() -> tuple[tuple[int, int], ...]:
    """Modes and times of all that was built: tests cannot write there, but own it, and may change modes."""
    paths = [BUILD]
    for directory, directories, files in os.walk(BUILD):
        paths += (os.path.join(directory, name) for name in (*directories, *files))
    found = map(os.lstat, paths)
    return tuple((status.st_mode, status.st_ctime_ns) for status in found)


def _bind_read_only(source: str, target: str) -> None:
    os.makedirs(target, exist_ok=True)
    mount(source, target, "", _MS_BIND)
    # noexec stays off: extension modules are mapped executable.
    mount("none", target, "", _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)


def _write_first_process(path: str) -> None:
    content = first.executable()
    if content is not None:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o555), "wb") as file:
            file.write(content)


def _bind_devices(root: str) -> None:
    os.makedirs(root + _SHARED_MEMORY)
    for device in _DEVICES:
        os.close(os.open(root + device, os.O_CREAT))
        mount(device, root + device, "", _MS_BIND)
    for name, descriptor in _DESCRIPTORS.items():
        os.symlink(f"/proc/self/fd{descriptor}", f"{root}/dev/{name}")
