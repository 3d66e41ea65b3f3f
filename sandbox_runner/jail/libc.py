"""System calls that Python has no function for."""

import ctypes
import os
import struct
from functools import cache
from os import waitstatus_to_exitcode

# PyDLL keeps the interpreter lock across a call, which `clone` needs: the child must own it.
_LIBC = ctypes.PyDLL(None, use_errno=True)
_LIBC.mmap.restype = ctypes.c_void_p

CLONE_NEWNS = 0x0002_0000
CLONE_NEWCGROUP = 0x0200_0000
CLONE_NEWUTS = 0x0400_0000
CLONE_NEWIPC = 0x0800_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
_PR_GET_TID_ADDRESS = 40

_SIGCHLD = 17
_KEEPING_THREAD_ID = 0x0120_0000  # CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID
_CLONE = ctypes.c_long({"x86_64": 56, "aarch64": 220}.get(os.uname().machine, -1))
_THREAD_ID_IS_LAST = os.uname().machine == "aarch64"
_CLONE3 = ctypes.c_long(435)
_UNUSED = ctypes.c_long(0)
# Bound here: what a child looks up for the first time, it writes down for itself alone.
_before_fork = ctypes.pythonapi.PyOS_BeforeFork
_after_fork_in_child = ctypes.pythonapi.PyOS_AfterFork_Child
_after_fork_in_parent = ctypes.pythonapi.PyOS_AfterFork_Parent
_CLONE_INTO_CGROUP = 0x2_0000_0000
_PIVOT_ROOT_NUMBERS = {"x86_64": 155, "aarch64": 41}
_CLOSE_RANGE = 436
_PROT_READ_AND_EXEC, _MAP_PRIVATE_AND_FIXED = 5, 0x12
_MADV_COLLAPSE = 25
_M_ARENA_MAX = -8


def _checked(returned: int, what: str) -> int:
    if returned == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return returned


def syscall(number: int, *arguments: object) -> int:
    """Call the kernel by number; all numbers are passed 64 bits wide."""
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked(_LIBC.syscall(ctypes.c_long(number), *wide), f"system call {number}")


raw_prctl, raw_syscall = _LIBC.prctl, _LIBC.syscall
"""For calls whose arguments are converted beforehand; they give -1 where they fail."""


def prctl(option: int, value: object = 0, third: object = 0) -> None:
    wide = [ctypes.c_ulong(part) if isinstance(part, int) else part for part in (value, third)]
    _checked(_LIBC.prctl(option, *wide, ctypes.c_ulong(0), ctypes.c_ulong(0)), f"prctl {option}")


def unshare(flags: int) -> None:
    _checked(_LIBC.unshare(flags), "unshare")


def setns(descriptor: int, kind: int) -> None:
    _checked(_LIBC.setns(descriptor, kind), "setns")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    returned = _LIBC.mount(
        source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode()
    )
    _checked(returned, f"mount {target}")


def unmount(target: str, flags: int) -> None:
    _checked(_LIBC.umount2(target.encode(), flags), f"umount {target}")


def pivot_root(new_root: str, put_old: str) -> None:
    syscall(_PIVOT_ROOT_NUMBERS[os.uname().machine], new_root.encode(), put_old.encode())


def close_range(first: int, last: int = 0x7FFF_FFFF) -> None:
    syscall(_CLOSE_RANGE, first, last, 0)


# What `wait4` tells: `struct rusage`, of which five numbers are read, and the status after it.
_REAPED = struct.Struct("5l104xi")
_STATUS_AT = 144
_reaped = ctypes.create_string_buffer(_REAPED.size)
_USAGE, _STATUS = (ctypes.c_void_p(ctypes.addressof(_reaped) + at) for at in (0, _STATUS_AT))
_wait4, _read_reaped = ctypes.PyDLL(None).wait4, _REAPED.unpack_from


def reap(pid: int) -> tuple[int, float, int]:
    """Wait for a child: its exit code or minus its signal, the CPU seconds and the bytes that it has used.

    As `os.wait4` tells, which imports a module by name for fourteen numbers more, and pays for their pages.
    """
    if _wait4(pid, _STATUS, 0, _USAGE) != pid:
        raise ChildProcessError(f"there is no child {pid}")
    user_s, user_us, system_s, system_us, peak_kib, status = _read_reaped(_reaped)
    cpu_s = user_s + system_s + (user_us + system_us) / 1_000_000
    return waitstatus_to_exitcode(status), cpu_s, peak_kib * 1024


def map_code(address: int, size: int, file: int) -> None:
    """Let a file's beginning be read and executed in the place of whatever is there."""
    rights, kind = _PROT_READ_AND_EXEC, _MAP_PRIVATE_AND_FIXED
    mapped = _LIBC.mmap(*_place(address, size), rights, kind, file, ctypes.c_long(0))
    _checked(0 if mapped == address else -1, "mmap")


def collapse(address: int, size: int) -> None:
    """Have memory in large pages; see `MADV_COLLAPSE` in madvise(2)."""
    _checked(_LIBC.madvise(*_place(address, size), _MADV_COLLAPSE), "madvise")


def _place(address: int, size: int) -> tuple[ctypes.c_void_p, ctypes.c_size_t]:
    return ctypes.c_void_p(address), ctypes.c_size_t(size)


def flush_streams() -> None:
    """Write out what C functions printed, as `exit` does and `_exit` does not."""
    _LIBC.fflush(None)


def one_malloc_arena() -> None:
    """Keep threads from reserving 64 MiB of address space each, which would eat the memory limit."""
    _LIBC.mallopt(_M_ARENA_MAX, 1)


class _CloneArguments(ctypes.Structure):
    """What `clone3` is told: see `struct clone_args` in linux/sched.h."""

    _fields_ = tuple(
        (name, ctypes.c_uint64)
        for name in (
            *("flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack", "stack_size", "tls"),
            *("set_tid", "set_tid_size", "cgroup"),
        )
    )


@cache
def own_thread_id() -> ctypes.c_void_p | None:
    """Where the C library keeps the number of this thread, by which other threads of a process signal it.

    None on kernels that do not tell (CONFIG_CHECKPOINT_RESTORE).
    """
    place = ctypes.c_void_p()
    try:
        prctl(_PR_GET_TID_ADDRESS, ctypes.byref(place))
    except OSError:
        return None
    return place


def fork_into(namespaces: int, cgroup: int | None = None) -> int:
    """Fork into new namespaces, and into a version 2 cgroup if its directory is given.

    `os.fork` takes no flags. The interpreter's own fork hooks run around the call; of what libc's do, who has
    one thread needs its number, if that can be had.
    """
    if namespaces == 0 and cgroup is None:
        return os.fork()
    thread_id = own_thread_id()
    flags = namespaces | (_KEEPING_THREAD_ID if thread_id is not None else 0)
    _before_fork()
    pid = _clone(flags, thread_id) if cgroup is None else _clone3(flags, thread_id, cgroup)
    number = ctypes.get_errno()
    if pid == 0:
        _after_fork_in_child()
    else:
        _after_fork_in_parent()
    if pid < 0:
        raise OSError(number, f"clone: {os.strerror(number)}")
    return pid


def _clone(flags: int, thread_id: ctypes.c_void_p | None) -> int:
    last = (None, thread_id) if _THREAD_ID_IS_LAST else (thread_id, None)
    pid: int = raw_syscall(_CLONE, ctypes.c_ulong(flags | _SIGCHLD), _UNUSED, _UNUSED, *last)
    return pid


def _clone3(flags: int, thread_id: ctypes.c_void_p | None, cgroup: int) -> int:
    place = thread_id.value if thread_id is not None else 0
    arguments = _CloneArguments(
        flags=flags | _CLONE_INTO_CGROUP, child_tid=place, exit_signal=_SIGCHLD, cgroup=cgroup
    )
    size = ctypes.c_size_t(ctypes.sizeof(arguments))
    pid: int = raw_syscall(_CLONE3, ctypes.byref(arguments), size)
    return pid
