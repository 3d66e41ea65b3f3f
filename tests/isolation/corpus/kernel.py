"""E: programs that reach for seldom used parts of the kernel."""

import random

from sandbox_runner.domain.verdict import Outcome
from tests.isolation.corpus.attack import Attack, call, fatal, refused, script

_FATAL = {
    "E3": {
        "bpf": "321, 0, 0, 0",
        "perf": "298, 0, 0, 0, 0, 0",
        "fanotify": "300, 0, 0",
        "a cookie": "212, 0, 0, 0",
    },
    "E4": {
        "loading a module": "313, 0, 0, 0",
        "loading a module from memory": "175, 0, 0, 0",
        "removing a module": "176, b'x', 0",
        "another kernel": "246, 0, 0, 0, 0",
        "another kernel from a file": "320, 0, 0, 0, 0, 0",
        "rebooting": "169, 0, 0, 0, 0",
        "swapping": "167, b'/tmp/x', 0",
        "swapping off": "168, b'/tmp/x'",
        "setting the time": "164, 0, 0",
        "setting a clock": "227, 0, 0",
        "naming the host": "170, b'x', 1",
        "naming the domain": "171, b'x', 1",
        "accounting": "163, b'/tmp/x'",
        "quotas": "179, 0, 0, 0, 0",
        "the kernel's log": "103, 3, 0, 0",
        "ports": "172, 3",
        "a port": "173, 0, 1, 1",
        "hanging up": "153",
        "file system types": "139, 0, 0",
    },
}

_MACHINE_CODE = """
def f(x):
    page = mmap.mmap(-1, 4096, prot=7)
    page.write({0})
    ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
    return 4
"""
# mov eax, 20; int 0x80; ret - getpid as a 32-bit program calls it
_FOREIGN_CALL = _MACHINE_CODE.format(r"b'\xb8\x14\0\0\0\xcd\x80\xc3'")
_JUNK = _MACHINE_CODE.format(r"b'\x0f\x0b' * 64")

# Calls that end or stop the fuzzer itself, or wait for ever: they would only make it shorter.
_BORING = {
    15,
    34,
    60,
    61,
    128,
    130,
    202,
    219,
    230,
    231,
    247,
    271,
    281,
    35,
    7,
    23,
    270,
    232,
    441,
    65,
    449,
    0,
    13,
    9,
    10,
    11,
    25,
}
_FUZZ = """
import random
rng = random.Random({seed})
numbers = [n for n in range(470) if n not in {skip}]
values = [0, 1, 2, 3, -1, 17, 4096, 1 << 31, 1 << 32, (1 << 63) - 1, id(rng), (os.getppid() or 1)]
libc.syscall.restype = ctypes.c_long
for _ in range(20_000):
    libc.syscall(rng.choice(numbers), *[ctypes.c_long(rng.choice(values)) for _ in range(6)])
"""
_SOFT_FUZZ = _FUZZ.replace("not in {skip}", "not in {skip} and n not in {fatal}")


def _fuzz(seed: int) -> Attack:
    ends = (Outcome.FORBIDDEN_SYSCALL, Outcome.RUNTIME_ERROR, Outcome.TIME_LIMIT, Outcome.NO_RESULT)
    rest = (Outcome.OUTPUT_LIMIT, Outcome.MEMORY_LIMIT, Outcome.WRONG_ANSWER, Outcome.ACCEPTED)
    # Without the calls that kill, it comes further.
    dead = sorted(int(args.split(",")[0]) for rows in _FATAL.values() for args in rows.values())
    more = [
        101,
        155,
        161,
        165,
        166,
        248,
        249,
        250,
        256,
        272,
        279,
        301,
        303,
        304,
        308,
        310,
        311,
        312,
        323,
        428,
        429,
        430,
    ]
    more += [431, 432, 433, 438, 440, 442, 443, 447, 448, 174, 180, 134, 136, 305]
    code = _SOFT_FUZZ.format(seed=seed, skip=sorted(_BORING), fatal=[*dead, *more])
    return script("E10", f"random calls, seed {seed}", code, *ends, *rest, wall_s=1.0)


_SEEDS = random.Random(20).sample(range(1000), 6)

ATTACKS: tuple[Attack, ...] = (
    refused("E1", "io_uring", "call(425, 8, b'x' * 120)"),
    refused("E1", "io_uring without a ring", "call(427, -1, 13, 0, 0)"),
    refused("E1", "asynchronous I/O", "call(206, 8, b'\\0' * 8)"),
    fatal("E2", "userfaultfd", "libc.syscall(323, 0)"),
    *(
        fatal(row, name, f"libc.syscall({arguments})")
        for row, calls in _FATAL.items()
        for name, arguments in calls.items()
    ),
    refused("E4", "adjusting the clock", "call(159, b'\\1' + bytes(300))"),
    fatal("E6", "a call of the x32 ABI", "libc.syscall(0x40000000 + 39)"),
    call("E6", "a call of a 32-bit program", _FOREIGN_CALL, Outcome.FORBIDDEN_SYSCALL),
    fatal("E9", "secret memory", "libc.syscall(447, 0)"),
    call("E9", "machine code that is junk", _JUNK, Outcome.RUNTIME_ERROR),
    refused("E9", "a descriptor table of another architecture", "call(154, 1, bytes(16), 16)"),
    refused("E9", "another personality", "call(135, 0x0040000)"),
    refused("E9", "addresses not shuffled", "call(135, 0x8)"),
    *map(_fuzz, _SEEDS),
)
