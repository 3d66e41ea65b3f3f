"""The system call filter of a test, hand-assembled.

It denies by group and allows the rest: an allow-list breaks at every libc upgrade, and the other walls
(namespaces, Landlock, limits) stand behind this one.
Not covered: bugs in the system calls that stay allowed.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import Any

from sandbox_runner.jail import bpf, decisions, libc
from sandbox_runner.jail.bpf import Block
from sandbox_runner.jail.libc import PR_SET_DUMPABLE, PR_SET_PDEATHSIG, PR_SET_SECCOMP
from sandbox_runner.jail.syscalls import AUDIT_ARCHITECTURES, numbers

_X32_BIT = 0x4000_0000
_SECCOMP_MODE_FILTER = 2

_ANY_PID = 0x7A11_0B0B  # larger than any real one
_PID = struct.Struct("<I")
_PLACEHOLDER = _PID.pack(_ANY_PID)

_CLONE_THREAD = 0x0001_0000
_CLONE_ANY_NAMESPACE = 0x7E02_0080

# No honest program makes these: the process dies and the verdict is `forbidden_syscall`.
_FATAL = """
acct add_key bpf chroot clock_adjtime clock_settime create_module delete_module fanotify_init
fanotify_mark finit_module fsconfig fsmount fsopen fspick init_module ioperm iopl kcmp kexec_file_load
kexec_load keyctl lookup_dcookie memfd_secret migrate_pages mount mount_setattr move_mount move_pages
name_to_handle_at nfsservctl open_by_handle_at open_tree perf_event_open pidfd_getfd pivot_root
process_madvise process_mrelease process_vm_readv process_vm_writev ptrace quotactl quotactl_fd reboot
request_key setdomainname sethostname setns settimeofday swapoff swapon sysfs syslog umount2 unshare
uselib userfaultfd ustat vhangup
"""

# Honest programs and libraries may try these and cope: they are told EPERM.
# Modes, owners, times and attributes are here because Landlock does not guard them; all of System V's IPC,
# because its objects are used by number, unopened, and without namespaces they are the host's.
_REFUSED = """
accept accept4 adjtimex bind chmod chown connect execve execveat fchmod fchmodat fchmodat2 fchown fchownat
fgetxattr flistxattr fremovexattr fsetxattr futimesat getxattr inotify_add_watch inotify_init inotify_init1
io_setup io_uring_enter io_uring_register io_uring_setup ioprio_set lchown lgetxattr link linkat listen
listxattr llistxattr lremovexattr lsetxattr mbind memfd_create mknod mknodat mlock mlock2 mlockall
modify_ldt mq_open mq_unlink msgctl msgget msgrcv msgsnd pidfd_send_signal recvmmsg removexattr
rt_sigqueueinfo rt_tgsigqueueinfo sched_setaffinity sched_setattr sched_setparam sched_setscheduler semctl
semget semop semtimedop sendmmsg sendmsg set_mempolicy setpriority setsockopt setxattr shmat shmctl shmget
socket truncate utime utimensat utimes vmsplice
"""

# Compilers, linkers and language runtimes do these, where a mount namespace shows them nothing to harm.
_NEEDED_BY_COMPILERS = "chmod execve execveat fchmod fchmodat link linkat memfd_create"

# So does the C library's `sem_open`. A box may write to one mount, which is its own.
_NEEDED_BY_SEMAPHORES = "link linkat"

# Files of a test live in memory, and locks would reach beyond its box through the library that all share.
# A program that asks to be safe from power cuts, or from nobody else, is told that it is.
_PRETENDED = "fadvise64 fdatasync fsync sync sync_file_range syncfs"

# Walls of one's own would cost the kernel memory that no limit counts.
_ABSENT_IN_TESTS = "landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp"

# From here on calls are younger than this table, which cannot know what they would reach.
_FIRST_UNKNOWN_CALL = 450

_REACHING_FCNTL = (8, 10, 15, 1024, 1026)  # SETOWN, SETSIG, SETOWN_EX, SETLEASE, NOTIFY
_LOCK_FCNTL = (6, 7, 37, 38)  # SETLK, SETLKW and their OFD kind
_LOCK_READING_FCNTL = (5, 36)
# TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, TCGETS2. Others change files one may only read.
_HARMLESS_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x802C_542A)
_PR_SET_MEMORY_MERGE, _MADV_MERGEABLE = 67, 12
# Besides filters: being dumped would feed the host's crash handler, a core of one's own idles its sibling.
_WALL_PRCTL = (PR_SET_DUMPABLE, PR_SET_SECCOMP, 62)


def available() -> bool:
    return bool(numbers())


@cache
def box_filter(*, may_execute: bool = False, may_link: bool = False) -> bytes:
    """What nothing in a box may do, not even its first process."""
    needed = (_NEEDED_BY_COMPILERS * may_execute + " " + _NEEDED_BY_SEMAPHORES * may_link).split()
    refused = " ".join(name for name in _REFUSED.split() if name not in needed)
    blocks = {
        **_each(_FATAL, bpf.kill()),
        **_each(refused, bpf.refuse()),
        **_each(_PRETENDED, bpf.refuse(0)),
        **_by_number(_conditional(may_execute=may_execute)),
    }
    machine = os.uname().machine
    tail = {_FIRST_UNKNOWN_CALL: bpf.refuse(errno.ENOSYS)}
    if machine == "x86_64":
        tail[_X32_BIT] = bpf.kill()
    return b"".join([*bpf.require_architecture(AUDIT_ARCHITECTURES[machine]), *bpf.dispatch(blocks, tail)])


def warm_up() -> None:
    """Assemble every filter once, in the process that others are forked from."""
    if available():
        for may, alone in product((False, True), (False, True)):
            _box_filter_arguments(may_execute=may, may_link=alone)
            test_filter(may_fork=may, alone=alone)
        compiler_filter()


class TestFilter:
    """What a test may not do besides, ready to be put on."""

    __test__ = False  # not a test of ours

    def __init__(self, program: bytes) -> None:
        self._program = ctypes.create_string_buffer(program, len(program))
        self._pids = [at for at in range(0, len(program), 4) if program[at : at + 4] == _PLACEHOLDER]
        self._arguments = _filter_arguments(self._program, len(program))

    def install(self) -> None:
        for at in self._pids:
            _PID.pack_into(self._program, at, os.getpid())
        if libc.raw_prctl(*self._arguments) != 0:
            raise OSError("the filter of a test was refused")

    def program_for(self, pid: int) -> bytes:
        """The filter as the process of that id would put it on."""
        return self._program.raw.replace(_PLACEHOLDER, _PID.pack(pid))


@cache
def test_filter(*, may_fork: bool, alone: bool) -> TestFilter:
    """It may signal itself only, unless it may fork.

    In a process namespace of its own it is alone with the box, so its own id need not be in the filter.
    """
    return TestFilter(_forking_test_filter() if may_fork else _test_filter_template(alone=alone))


@cache
def compiler_filter() -> TestFilter:
    return TestFilter(_forking_test_filter(compiling=True))


def install_box_filter(*, may_execute: bool, may_link: bool) -> None:
    """Put it on this process; needs no-new-privileges."""
    _, arguments = _box_filter_arguments(may_execute=may_execute, may_link=may_link)
    if libc.raw_prctl(*arguments) != 0:
        raise OSError(ctypes.get_errno(), "the filter of a box was refused")


@cache
def _box_filter_arguments(*, may_execute: bool, may_link: bool) -> tuple[object, tuple[object, ...]]:
    program = box_filter(may_execute=may_execute, may_link=may_link)
    holder = ctypes.create_string_buffer(program, len(program))
    return holder, _filter_arguments(holder, len(program))


def _filter_arguments(holder: Any, length: int) -> tuple[object, ...]:
    """Arguments of `prctl`, converted already; `holder` must outlive them."""
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", length // 8, ctypes.addressof(holder)))
    nothing = ctypes.c_ulong(0)
    mode = ctypes.c_ulong(_SECCOMP_MODE_FILTER)
    return ctypes.c_int(PR_SET_SECCOMP), mode, ctypes.cast(header, ctypes.c_void_p), nothing, nothing


@cache
def _test_filter_template(*, alone: bool) -> bytes:
    itself = decisions.unless_argument(0, _ANY_PID, bpf.refuse())
    only_itself = decisions.nobody_special() if alone else itself
    only_threads = [bpf.load_argument(0), bpf.jump_any_bit(_CLONE_THREAD, 1, 0), *bpf.refuse(), *bpf.allow()]
    blocks = {
        **_each(_ABSENT_IN_TESTS, bpf.refuse(errno.ENOSYS)),
        **_each("fork vfork pidfd_open", bpf.refuse()),
        **_each("kill tkill tgkill", only_itself),
        **_each("flock", bpf.refuse(0)),
        # A test must die with its box.
        **_each("prctl", decisions.if_argument(0, (PR_SET_PDEATHSIG, *_WALL_PRCTL), bpf.refuse())),
        **_each("fcntl", decisions.if_argument(1, _LOCK_FCNTL, bpf.refuse(0))),
        **_each("clone", only_threads),
    }
    return b"".join(bpf.dispatch(blocks, {}))


@cache
def _forking_test_filter(*, compiling: bool = False) -> bytes:
    # The runtime of the Go compiler wants every signal; what a compiler's children use is not weighed finely.
    watched = {} if compiling else _each("rt_sigaction", decisions.child_signal())
    blocks = {
        **_each(_ABSENT_IN_TESTS, bpf.refuse(errno.ENOSYS)),
        **_each("flock pidfd_open", bpf.refuse()),
        **_each("prctl", decisions.if_argument(0, _WALL_PRCTL, bpf.refuse())),
        **_each("fcntl", decisions.if_argument(1, _LOCK_FCNTL, bpf.refuse())),
        **watched,
    }
    return b"".join(bpf.dispatch(blocks, {}))


def _conditional(*, may_execute: bool = False) -> list[tuple[str, Block]]:
    refuse = bpf.refuse()
    return [
        # ENOSYS makes libc fall back to `clone`, whose flags a filter can read.
        ("clone3", bpf.refuse(errno.ENOSYS)),
        ("clone", decisions.if_any_bit(0, _CLONE_ANY_NAMESPACE, refuse)),
        ("prlimit64", decisions.own_limits()),
        ("setrlimit", decisions.if_argument(0, (decisions.RLIMIT_CORE,), refuse)),
        ("personality", decisions.unless_argument(0, 0xFFFF_FFFF, refuse)),
        ("socketpair", decisions.local_pair(decisions.SEQPACKET if may_execute else decisions.STREAM)),
        ("sendto", decisions.connected_send()),
        ("fcntl", decisions.if_argument(1, (*_REACHING_FCNTL, *_LOCK_READING_FCNTL), refuse)),
        ("ioctl", decisions.only_argument(1, _HARMLESS_IOCTL, bpf.refuse(errno.ENOTTY))),
        # Pages that are merged tell by their speed what others hold.
        ("prctl", decisions.if_argument(0, (_PR_SET_MEMORY_MERGE,), refuse)),
        ("madvise", decisions.if_argument(2, (_MADV_MERGEABLE,), refuse)),
        # Landlock knows truncation only since its third version: `O_RDONLY | O_TRUNC` empties a file before.
        ("open", decisions.truncating_read(1)),
        ("openat", decisions.truncating_read(2)),
        ("openat2", bpf.refuse(errno.ENOSYS)),  # its flags are out of a filter's sight
    ]


def _each(names: str, block: Block) -> dict[int, Block]:
    return _by_number((name, block) for name in names.split())


def _by_number(blocks: Iterable[tuple[str, Block]]) -> dict[int, Block]:
    """Leave out what this architecture has no call for."""
    return {numbers()[name]: block for name, block in blocks if name in numbers()}
