"""First processes without an interpreter: each waits, and the kernel ends its namespace with it.

One ends with the launcher too, whatever ends that: it reads from a pipe of which only the launcher has the
other end. Made by hand, as no program that every machine has is as small: to begin and end one with its
namespace takes 0.14 ms, a fork of the launcher ten times as long.
"""

import os
import signal
import struct

from sandbox_runner.jail import credentials, libc

# prctl(PR_SET_DUMPABLE, 0), so that its /proc is root's; read(0, stack, 1); exit(0).
_CODE = {
    "x86_64": bytes.fromhex(
        "b89d000000 bf04000000 31f6 0f05 31c0 31ff 4889e6 ba01000000 0f05 b83c000000 31ff 0f05"
    ),
    "aarch64": b"".join(
        instruction.to_bytes(4, "little")
        for instruction in (
            *(0xD28014E8, 0xD2800080, 0xD2800001, 0xD4000001),
            *(0xD28007E8, 0xD2800000, 0x910003E1, 0xD2800022, 0xD4000001),
            *(0xD2800BA8, 0xD2800000, 0xD4000001),
        )
    ),
}
_MACHINES = {"x86_64": 62, "aarch64": 183}
_EXECUTABLE, _LOADED, _READ_AND_EXECUTE = 2, 1, 5
_ADDRESS, _PAGE_BYTES = 0x40_0000, 0x1000
_HEADER = struct.Struct("<4s4B8xHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_FLAGS_FIELD, _PF_EXITING = 6, 4


def executable() -> bytes | None:
    """An ELF file of one segment; None for machines that nobody wrote one for."""
    machine = os.uname().machine
    if machine not in _CODE:
        return None
    code, begins = _CODE[machine], _HEADER.size + _SEGMENT.size
    size = begins + len(code)
    segment = (_LOADED, _READ_AND_EXECUTE, 0, _ADDRESS, _ADDRESS, size, size, _PAGE_BYTES)
    sizes = (_HEADER.size, _SEGMENT.size, 1, 0, 0, 0)
    kind = (_EXECUTABLE, _MACHINES[machine], 1, _ADDRESS + begins)
    header = _HEADER.pack(b"\x7fELF", 2, 1, 1, 0, *kind, _HEADER.size, 0, 0, *sizes)
    return header + _SEGMENT.pack(*segment) + code


class FirstProcesses:
    """Makes process namespaces that a fork of this process, which stays outside, is born into."""

    def __init__(self, path: str) -> None:
        self._command = [path]
        self._here = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        ends_with_us, self._held = os.pipe()
        self._actions = [(os.POSIX_SPAWN_DUP2, ends_with_us, 0)]

    def begin(self) -> int:
        """Begin one, beside which every process is born until `step_back`. Raises OSError."""
        libc.unshare(libc.CLONE_NEWPID)
        try:
            return os.posix_spawn(self._command[0], self._command, {}, file_actions=self._actions)
        except OSError:
            self.step_back()
            raise

    def step_back(self) -> None:
        """Let processes be born here again. Who cannot is of no use, and ends with all it has begun."""
        try:
            self.try_to_step_back()
        except OSError:
            os._exit(1)

    def try_to_step_back(self) -> None:
        """The same for who has yet to learn whether it can. Raises OSError."""
        libc.setns(self._here, libc.CLONE_NEWPID)


def offered(path: str) -> FirstProcesses | None:
    """They, where this machine and its rules allow them. `path`: where the executable lies."""
    firsts = FirstProcesses(path)
    return firsts if libc.own_thread_id() is not None and _work(firsts) else None


def _work(firsts: FirstProcesses) -> bool:
    """Try it, in a process of its own: the way back may be shut."""
    pid = os.fork()
    if pid == 0:
        try:
            begun = firsts.begin()
            try:
                firsts.try_to_step_back()
            finally:
                end(begun)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def end(pid: int) -> None:
    """End a child, of whatever kind, and wait for it."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def be_born() -> None:
    """Go on as the first process of the namespace that this one's children are born into.

    Who makes process namespaces must own the one that it comes back to. This one waits meanwhile, and ends
    as that one does.
    """
    pid = os.fork()
    if pid:
        _, status = os.waitpid(pid, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    credentials.die_with_parent()


def is_ending(pid: int) -> bool:
    """Whether a first process is about to take its namespace along, or has; see `stat` in proc(5)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rsplit(b")", 1)[1].split()
    except OSError:
        return False
    return bool(int(fields[_FLAGS_FIELD]) & _PF_EXITING)
