"""The system call filter of a test, hand-assembled.

It denies by group and allows the rest: an allow-list breaks at every libc upgrade, and the other walls
(namespaces, Landlock, limits) stand behind this one.
Not covered: bugs in the system calls that stay allowed.
"""

import ctypes
import errno
import platform
import struct
from functools import cache

from sandbox_runner.jail.libc import PR_SET_DUMPABLE, PR_SET_PDEATHSIG, PR_SET_SECCOMP, prctl
from sandbox_runner.jail.syscalls import AUDIT_ARCHITECTURES, numbers

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_KILL, _REFUSE, _ALLOW = 0x8000_0000, 0x0005_0000, 0x7FFF_0000
_X32_BIT = 0x4000_0000
_SECCOMP_MODE_FILTER = 2

_ANY_PID = 0x7A11_0B0B  # larger than any real one

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
# Modes, owners, times and attributes are here because Landlock does not guard them.
_REFUSED = """
accept accept4 adjtimex bind chmod chown connect execve execveat fchmod fchmodat fchmodat2 fchown fchownat
fgetxattr flistxattr fremovexattr fsetxattr futimesat getxattr inotify_add_watch inotify_init inotify_init1
io_setup io_uring_enter io_uring_register io_uring_setup ioprio_set lchown lgetxattr link linkat listen
listxattr llistxattr lremovexattr lsetxattr mbind memfd_create mknod mknodat mlock mlock2 mlockall
modify_ldt mq_open mq_unlink msgget pidfd_send_signal recvmmsg removexattr rt_sigqueueinfo rt_tgsigqueueinfo
sched_setaffinity sched_setattr sched_setparam sched_setscheduler semget sendmmsg sendmsg set_mempolicy
setpriority setsockopt setxattr shmat shmget socket truncate utime utimensat utimes vmsplice
"""

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
_O_TRUNC, _O_ACCMODE = 0o1000, 0o3
_SIGCHLD = 17
_PR_SET_MEMORY_MERGE, _MADV_MERGEABLE = 67, 12
_RLIMIT_CORE = 4
# Besides filters: being dumped would feed the host's crash handler, a core of one's own idles its sibling.
_WALL_PRCTL = (PR_SET_DUMPABLE, PR_SET_SECCOMP, 62)

_Instruction = bytes


def available() -> bool:
    return bool(numbers())


@cache
def box_filter() -> bytes:
    """What nothing in a box may do, not even its first process."""
    program = [*_check_architecture()]
    for name in _FATAL.split():
        program += _on(name, _end(_KILL))
    for name in _REFUSED.split():
        program += _on(name, _refuse(errno.EPERM))
    for name in _PRETENDED.split():
        program += _on(name, _refuse(0))
    for name, block in _conditional():
        program += _on(name, block)
    program += [_jump(_JUMP_AT_LEAST, _FIRST_UNKNOWN_CALL, 0, 1), *_refuse(errno.ENOSYS)]
    return b"".join([*program, *_end(_ALLOW)])


def warm_up() -> None:
    """Assemble every filter once, in the process that others are forked from."""
    if available():
        box_filter()
        _test_filter_template()
        _forking_test_filter()


def test_filter(own_pid: int, *, may_fork: bool) -> bytes:
    """What a test may not do besides; `own_pid` is the only process it may signal unless it may fork."""
    if may_fork:
        return _forking_test_filter()
    return _test_filter_template().replace(struct.pack("<I", _ANY_PID), struct.pack("<I", own_pid))


def install(program: bytes) -> None:
    """Put the filter on this process; needs no-new-privileges."""
    holder = ctypes.create_string_buffer(program, len(program))
    descriptor = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(holder))
    prctl(PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(descriptor))


@cache
def _test_filter_template() -> bytes:
    refuse = _refuse(errno.EPERM)
    program = [_load_number(), *_no_walls_of_ones_own(), *_on("flock", _refuse(0))]
    for name in ("fork", "vfork", "pidfd_open"):
        program += _on(name, refuse)
    for name in ("kill", "tkill", "tgkill"):
        program += _on(name, _unless_argument(0, _ANY_PID, refuse))
    # A test must die with its box.
    program += _on("prctl", _if_argument(0, (PR_SET_PDEATHSIG, *_WALL_PRCTL), refuse))
    program += _on("fcntl", _if_argument(1, _LOCK_FCNTL, _refuse(0)))
    only_threads = [_load_argument(0), _jump(_JUMP_ANY_BIT, _CLONE_THREAD, 1, 0), *refuse, *_end(_ALLOW)]
    program += _on("clone", only_threads)
    return b"".join([*program, *_end(_ALLOW)])


@cache
def _forking_test_filter() -> bytes:
    refuse = _refuse(errno.EPERM)
    program = [_load_number(), *_no_walls_of_ones_own()]
    for name in ("flock", "pidfd_open"):
        program += _on(name, refuse)
    program += _on("prctl", _if_argument(0, _WALL_PRCTL, refuse))
    program += _on("fcntl", _if_argument(1, _LOCK_FCNTL, refuse))
    program += _on("rt_sigaction", _child_signal_block())
    return b"".join([*program, *_end(_ALLOW)])


def _no_walls_of_ones_own() -> list[_Instruction]:
    return [step for name in _ABSENT_IN_TESTS.split() for step in _on(name, _refuse(errno.ENOSYS))]


def _conditional() -> list[tuple[str, list[_Instruction]]]:
    refuse = _refuse(errno.EPERM)
    return [
        # ENOSYS makes libc fall back to `clone`, whose flags a filter can read.
        ("clone3", _refuse(errno.ENOSYS)),
        ("clone", _if_any_bit(0, _CLONE_ANY_NAMESPACE, refuse)),
        ("prlimit64", _own_limits_block()),
        ("setrlimit", _if_argument(0, (_RLIMIT_CORE,), refuse)),
        ("personality", _unless_argument(0, 0xFFFF_FFFF, refuse)),
        ("socketpair", _stream_pair_block()),
        ("sendto", _connected_send_block()),
        ("fcntl", _if_argument(1, (*_REACHING_FCNTL, *_LOCK_READING_FCNTL), refuse)),
        ("ioctl", _only_argument(1, _HARMLESS_IOCTL, _refuse(errno.ENOTTY))),
        # Pages that are merged tell by their speed what others hold.
        ("prctl", _if_argument(0, (_PR_SET_MEMORY_MERGE,), refuse)),
        ("madvise", _if_argument(2, (_MADV_MERGEABLE,), refuse)),
        # Landlock knows truncation only since its third version: `O_RDONLY | O_TRUNC` empties a file before.
        ("open", _truncating_read_block(1)),
        ("openat", _truncating_read_block(2)),
        ("openat2", _refuse(errno.ENOSYS)),  # its flags are out of a filter's sight
    ]


def _own_limits_block() -> list[_Instruction]:
    """Allow what concerns oneself, but no new limit of core files."""
    return [
        _load_argument(0),
        _jump(_JUMP_EQUAL, 0, 0, 6),
        _load_argument(1),
        _jump(_JUMP_EQUAL, _RLIMIT_CORE, 0, 5),
        _load_argument(2),
        _jump(_JUMP_EQUAL, 0, 0, 2),
        _load_argument(2, high=True),
        _jump(_JUMP_EQUAL, 0, 1, 0),
        *_refuse(errno.EPERM),
        *_end(_ALLOW),
    ]


def _truncating_read_block(flags: int) -> list[_Instruction]:
    return [
        _load_argument(flags),
        _instruction(_AND, _O_TRUNC | _O_ACCMODE),
        _jump(_JUMP_EQUAL, _O_TRUNC, 0, 1),
        *_refuse(errno.EPERM),
        *_end(_ALLOW),
    ]


def _child_signal_block() -> list[_Instruction]:
    """Keep children from being reaped unseen: the kernel then forgets the CPU time that they used."""
    return [
        _load_argument(0),
        _jump(_JUMP_EQUAL, _SIGCHLD, 0, 5),
        _load_argument(1),
        _jump(_JUMP_EQUAL, 0, 0, 2),
        _load_argument(1, high=True),
        _jump(_JUMP_EQUAL, 0, 1, 0),
        *_refuse(errno.EPERM),
        *_end(_ALLOW),
    ]


def _stream_pair_block() -> list[_Instruction]:
    """Allow a connected pair of local streams, which event loops need; it can reach nobody else."""
    return [
        _load_argument(0),
        _jump(_JUMP_EQUAL, 1, 0, 3),
        _load_argument(1),
        _instruction(_AND, 0xF),
        _jump(_JUMP_EQUAL, 1, 1, 0),
        *_refuse(errno.EPERM),
        *_end(_ALLOW),
    ]


def _connected_send_block() -> list[_Instruction]:
    return [
        _load_argument(4),
        _jump(_JUMP_EQUAL, 0, 0, 2),
        _load_argument(4, high=True),
        _jump(_JUMP_EQUAL, 0, 1, 0),
        *_refuse(errno.EPERM),
        *_end(_ALLOW),
    ]


def _unless_argument(index: int, value: int, otherwise: list[_Instruction]) -> list[_Instruction]:
    return [_load_argument(index), _jump(_JUMP_EQUAL, value, len(otherwise), 0), *otherwise, *_end(_ALLOW)]


def _if_any_bit(index: int, bits: int, then: list[_Instruction]) -> list[_Instruction]:
    return [_load_argument(index), _jump(_JUMP_ANY_BIT, bits, 0, len(then)), *then, *_end(_ALLOW)]


def _if_argument(index: int, values: tuple[int, ...], then: list[_Instruction]) -> list[_Instruction]:
    tests = [step for value in values for step in (_jump(_JUMP_EQUAL, value, 0, len(then)), *then)]
    return [_load_argument(index), *tests, *_end(_ALLOW)]


def _only_argument(index: int, values: tuple[int, ...], otherwise: list[_Instruction]) -> list[_Instruction]:
    """Allow these values of an argument and none else."""
    past = [len(values) - at + len(otherwise) for at in range(1, len(values) + 1)]
    tests = [_jump(_JUMP_EQUAL, value, skip, 0) for value, skip in zip(values, past, strict=True)]
    return [_load_argument(index), *tests, *otherwise, *_end(_ALLOW)]


def _check_architecture() -> list[_Instruction]:
    """Kill foreign-architecture calls, whose numbers mean other things."""
    machine = platform.machine()
    same = [_instruction(_LOAD, 4), _jump(_JUMP_EQUAL, AUDIT_ARCHITECTURES[machine], 1, 0), *_end(_KILL)]
    if machine != "x86_64":
        return [*same, _load_number()]
    return [*same, _load_number(), _jump(_JUMP_AT_LEAST, _X32_BIT, 0, 1), *_end(_KILL)]


def _on(name: str, block: list[_Instruction]) -> list[_Instruction]:
    """Run `block`, which must end, for one call; nothing where the architecture has no such call."""
    number = numbers().get(name)
    return [] if number is None else [_jump(_JUMP_EQUAL, number, 0, len(block)), *block]


def _load_number() -> _Instruction:
    return _instruction(_LOAD, 0)


def _load_argument(index: int, *, high: bool = False) -> _Instruction:
    return _instruction(_LOAD, 16 + 8 * index + (4 if high else 0))


def _refuse(error: int) -> list[_Instruction]:
    return _end(_REFUSE | error)


def _end(action: int) -> list[_Instruction]:
    return [_instruction(_RETURN, action)]


def _jump(code: int, value: int, if_true: int, if_false: int) -> _Instruction:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def _instruction(code: int, value: int) -> _Instruction:
    return struct.pack("<HBBI", code, 0, 0, value)
