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

from sandbox_runner.jail.libc import PR_SET_PDEATHSIG, PR_SET_SECCOMP, prctl
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
fremovexattr fsetxattr futimesat inotify_add_watch inotify_init inotify_init1 io_setup io_uring_enter
io_uring_register io_uring_setup ioprio_set lchown link linkat listen lremovexattr lsetxattr mbind
memfd_create mknod mknodat mlock mlock2 mlockall modify_ldt mq_open mq_unlink msgget pidfd_send_signal
recvmmsg removexattr rt_sigqueueinfo rt_tgsigqueueinfo sched_setaffinity sched_setattr sched_setparam
sched_setscheduler semget sendmmsg sendmsg set_mempolicy setpriority setxattr shmat shmget socket utime
utimensat utimes vmsplice
"""

# Calls whose first or second argument can reach another process: (call, argument, refused values).
_REFUSED_ARGUMENTS = (
    ("fcntl", 1, (8, 10, 15, 1024, 1026)),  # SETOWN, SETSIG, SETOWN_EX, SETLEASE, NOTIFY
    ("ioctl", 1, (0x5412, 0x541C, 0x8901, 0x8902)),  # TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP
)

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
    for name, block in _conditional():
        program += _on(name, block)
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
    program = [_load_number()]
    for name in ("fork", "vfork", "pidfd_open"):
        program += _on(name, refuse)
    for name in ("kill", "tkill", "tgkill"):
        program += _on(name, _unless_argument(0, _ANY_PID, refuse))
    program += _on("prctl", _if_argument(0, (PR_SET_PDEATHSIG,), refuse))  # a test must die with its box
    only_threads = [_load_argument(0), _jump(_JUMP_ANY_BIT, _CLONE_THREAD, 1, 0), *refuse, *_end(_ALLOW)]
    program += _on("clone", only_threads)
    return b"".join([*program, *_end(_ALLOW)])


@cache
def _forking_test_filter() -> bytes:
    program = [_load_number(), *_on("pidfd_open", _refuse(errno.EPERM)), *_end(_ALLOW)]
    return b"".join(program)


def _conditional() -> list[tuple[str, list[_Instruction]]]:
    refuse = _refuse(errno.EPERM)
    return [
        # ENOSYS makes libc fall back to `clone`, whose flags a filter can read.
        ("clone3", _refuse(errno.ENOSYS)),
        ("clone", _if_any_bit(0, _CLONE_ANY_NAMESPACE, refuse)),
        ("prlimit64", _unless_argument(0, 0, refuse)),
        ("personality", _unless_argument(0, 0xFFFF_FFFF, refuse)),
        ("socketpair", _stream_pair_block()),
        ("sendto", _connected_send_block()),
        *((name, _if_argument(index, values, refuse)) for name, index, values in _REFUSED_ARGUMENTS),
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
