"""Give up every privilege, for good."""

import ctypes
import os
import signal

from sandbox_runner.jail.libc import (
    PR_CAPBSET_DROP,
    PR_SET_DUMPABLE,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    prctl,
    syscall,
)

_CAPSET_NUMBER = {"x86_64": 126, "aarch64": 91}.get(os.uname().machine, -1)
_CAPABILITY_VERSION_3 = 0x2008_0522
_LAST_CAPABILITY = 63


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _NoCapabilities(ctypes.Structure):
    _fields_ = (("sets", ctypes.c_uint32 * 6),)


def become(uid: int) -> None:
    """Take a user id that owns nothing on the host."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def renounce() -> None:
    """Drop all capabilities, hide from `/proc` readers, and die with the parent."""
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    syscall(_CAPSET_NUMBER, ctypes.byref(header), ctypes.byref(_NoCapabilities()))
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_DUMPABLE, 0)
    die_with_parent()


def die_with_parent() -> None:
    """Ask for SIGKILL when the parent ends; a change of user id forgets it, so call this last."""
    prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))


def drop_bounding_set() -> None:
    """Let no program run from here on gain a capability. A new user namespace has the whole set again."""
    for capability in range(_LAST_CAPABILITY):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:  # past the kernel's last capability, or not privileged to begin with
            return


def write_identity_map(uid: int, gid: int) -> None:
    """Keep one's own ids in the user namespace just made; one id is all that an ordinary user may map."""
    for name, content in (
        ("setgroups", "deny"),
        ("gid_map", f"{gid} {gid} 1"),
        ("uid_map", f"{uid} {uid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(content)
