"""Landlock: the file system, TCP and signal rules that a process puts on itself and its children.

Not covered: `stat`, `readlink` and `access` of any path; changes of mode or owner, which seccomp refuses.
"""

import ctypes
import os
import stat
from collections.abc import Iterable
from functools import cache

from sandbox_runner.jail.libc import syscall

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1

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
    version = abi()
    files = sum(bits for since, bits in _ALL_FILE_RIGHTS if version >= since)
    attributes = _Ruleset(files, _ALL_TCP_RIGHTS, _ALL_SCOPES)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    descriptor = syscall(_CREATE_RULESET, ctypes.byref(attributes), size, 0)
    for path, rights in rules:
        _allow(descriptor, path, rights & files)
    return descriptor


def _allow(descriptor: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = rights if stat.S_ISDIR(os.fstat(opened).st_mode) else rights & _FILE_ONLY
        rule = _PathRule(allowed, opened)
        syscall(_ADD_RULE, descriptor, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(opened)


def restrict_self(descriptor: int) -> None:
    syscall(_RESTRICT_SELF, descriptor, 0)
