"""Landlock: the file system, TCP and signal rules that a process puts on itself and its children.

Not covered: `stat`, `readlink` and `access` of any path; changes of mode or owner, which seccomp refuses.
"""

import ctypes
import os
import stat
from collections.abc import Iterable
from functools import cache

from sandbox_runner.jail.libc import raw_syscall, syscall

_CREATE_RULESET, _RESTRICT_SELF = 444, 446
# Arguments for adding a rule, converted once: every box adds several.
_ADD_RULE, _PATH_BENEATH, _NO_FLAGS = ctypes.c_long(445), ctypes.c_long(1), ctypes.c_long(0)
_VERSION_FLAG = 1

_EXECUTE_FILE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
# Remove and make entries, bits 4 to 12, less the making of devices (6 and 11).
_CHANGE_DIR = sum(1 << bit for bit in (4, 5, 7, 8, 9, 10, 12))
_TRUNCATE = 1 << 14
_ALL_FILE_RIGHTS = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_ALL_TCP_RIGHTS = 0b11
_ALL_SCOPES = 0b11

READ = _READ_FILE | _READ_DIR
EXECUTE = READ | _EXECUTE_FILE
WRITE = READ | _WRITE_FILE | _CHANGE_DIR | _TRUNCATE
DEVICE = _READ_FILE | _WRITE_FILE
_ANY = -1
_FILE_ONLY = _EXECUTE_FILE | _WRITE_FILE | _READ_FILE | _TRUNCATE


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("tcp", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


@cache
def abi() -> int:
    """The kernel's Landlock version; 0 where there is none."""
    try:
        return syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    except OSError:
        return 0


def ruleset(rules: Iterable[tuple[str, int]]) -> int:
    """Make a ruleset that allows only what `rules` name; paths that do not exist are skipped."""
    attributes, size = _handled()
    files = attributes.files
    descriptor = syscall(_CREATE_RULESET, ctypes.byref(attributes), size, 0)
    rule = _PathRule()
    arguments = _ADD_RULE, ctypes.c_long(descriptor), _PATH_BENEATH, ctypes.byref(rule), _NO_FLAGS
    for path, rights in rules:
        try:
            opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        is_directory = stat.S_ISDIR(os.fstat(opened).st_mode)
        rule.allowed = rights & files & (_ANY if is_directory else _FILE_ONLY)
        rule.parent_fd = opened
        added = raw_syscall(*arguments)
        os.close(opened)
        if added != 0:
            raise OSError(ctypes.get_errno(), f"landlock rule for {path}")
    return descriptor


@cache
def _handled() -> tuple[_Ruleset, int]:
    """All that this kernel can refuse, and the size of what says so."""
    version = abi()
    files = sum(bits for since, bits in _ALL_FILE_RIGHTS if version >= since)
    return _Ruleset(files, _ALL_TCP_RIGHTS, _ALL_SCOPES), 24 if version >= 6 else 16 if version >= 4 else 8


def restrict_self(descriptor: int) -> None:
    syscall(_RESTRICT_SELF, descriptor, 0)
