"""The walls that a tier is made of, each with an attack that must fail and what to do where it does not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox_runner.domain.verdict import Outcome, Tier

_NEEDS_LANDLOCK = "use Linux 5.13 or later with Landlock on (add `landlock` to the `lsm=` boot parameter)"
_NEEDS_SECCOMP = "use x86_64 or aarch64 and a kernel with CONFIG_SECCOMP_FILTER"
_NEEDS_LIMITS = "raise the hard limits of this process (`ulimit -H`), or give it a kernel that enforces them"
_NEEDS_NAMESPACES = (
    "run as root with CAP_SYS_ADMIN, or allow user namespaces: "
    "`sysctl kernel.unprivileged_userns_clone=1` (Debian), "
    "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu), or in Docker "
    "`--security-opt seccomp=deploy/docker/sandbox-seccomp.json --security-opt systempaths=unconfined`"
)
_NEEDS_CGROUP = (
    "run as root, or delegate a cgroup: `SANDBOX_CGROUP=self systemd-run --user --scope -p Delegate=yes "
    "ctrl-sandbox`, or `Delegate=yes` in the service's unit, or set SANDBOX_CGROUP to a directory within "
    "what was delegated"
)


@dataclass(frozen=True, slots=True)
class Primitive:
    name: str
    needed_for: Tier
    remedy: str
    attack: str
    """A program whose function `attack` gets the bait and returns "held" if it achieved nothing."""
    outcomes: tuple[Outcome, ...] = (Outcome.ACCEPTED,)
    limits: Mapping[str, Any] = field(default_factory=dict)


def _refused(action: str) -> str:
    body = action.replace("\n", "\n        ")
    return (
        "import os\n"
        "def attack(bait):\n"
        "    try:\n"
        f"        {body}\n"
        "    except OSError:\n"
        "        return 'held'\n"
        "    return 'broken'\n"
    )


# Each generation keeps its memory while the next one fills its own.
_SUM_OF_MEMORY = """
import os
def attack(bait):
    first = os.getpid()
    for _ in range(4):
        child = os.fork()
        if child:
            end = os.waitpid(child, 0)[1]
            killed = os.WIFSIGNALED(end) or os.WEXITSTATUS(end) == 9
            if os.getpid() == first:
                return 'held' if killed else 'broken'
            os._exit(9 if killed else 0)
        filled = None
        filled = bytearray(b"x") * (44 << 20)
    os._exit(0)
"""

_PTRACE = "import ctypes\ndef attack(bait):\n    ctypes.CDLL(None).ptrace(0, 0, 0, 0)\n    return 'broken'\n"

GVISOR = "gVisor"
OWN_KERNEL = Primitive(
    "a kernel of its own",
    Tier.T4,
    "run the service under gVisor: `docker run --runtime=runsc`, or a RuntimeClass with handler `runsc`",
    attack="",
)

PRIMITIVES = (
    Primitive(
        "programs run",
        Tier.T1,
        "see that the user of a box may read Python's library",
        "import csv, zlib\ndef attack(bait):\n    return 'held'\n",
    ),
    Primitive("host files are unreadable", Tier.T1, _NEEDS_LANDLOCK, _refused("open(bait['file']).read()")),
    Primitive(
        "nothing can be written",
        Tier.T1,
        _NEEDS_LANDLOCK,
        _refused("open(bait['file'], 'a').close()"),
    ),
    Primitive(
        "host files keep their modes",
        Tier.T1,
        _NEEDS_SECCOMP,
        _refused("os.chmod(bait['file'], 0o777)"),
    ),
    Primitive(
        "there is no network",
        Tier.T1,
        _NEEDS_SECCOMP,
        _refused("import socket\nsocket.create_connection(('127.0.0.1', bait['port']), 1)"),
    ),
    Primitive("no child can be forked", Tier.T1, _NEEDS_SECCOMP, _refused("if os.fork() == 0: os._exit(0)")),
    Primitive(
        "the service cannot be signalled", Tier.T1, _NEEDS_SECCOMP, _refused("os.kill(bait['pid'], 0)")
    ),
    Primitive(
        "other processes are unreadable",
        Tier.T1,
        _NEEDS_LANDLOCK,
        _refused("open('/proc/%d/environ' % bait['pid']).read()"),
    ),
    Primitive(
        "fatal system calls kill", Tier.T1, _NEEDS_SECCOMP, _PTRACE, outcomes=(Outcome.FORBIDDEN_SYSCALL,)
    ),
    Primitive(
        "the environment is empty",
        Tier.T1,
        "start the service from its own command",
        "import os\ndef attack(bait):\n"
        "    boring = {'HOME', 'LC_ALL', 'PATH', 'PYTHONHASHSEED', 'TZ'}\n"
        "    return 'held' if set(os.environ) <= boring else 'broken'\n",
    ),
    Primitive(
        "memory is bounded",
        Tier.T1,
        _NEEDS_LIMITS,
        "def attack(bait):\n    bytearray(1 << 30)\n    return 'broken'\n",
        outcomes=(Outcome.MEMORY_LIMIT,),
    ),
    Primitive(
        "output is bounded",
        Tier.T1,
        _NEEDS_LIMITS,
        "def attack(bait):\n    while True:\n        print('x' * 10000)\n",
        outcomes=(Outcome.OUTPUT_LIMIT,),
    ),
    Primitive(
        "CPU time is bounded",
        Tier.T1,
        _NEEDS_LIMITS,
        "def attack(bait):\n    while True: pass\n",
        outcomes=(Outcome.TIME_LIMIT,),
        limits={"cpu_s": 0.1},
    ),
    Primitive(
        "host files are invisible",
        Tier.T2,
        _NEEDS_NAMESPACES,
        "import os\ndef attack(bait):\n    return 'broken' if os.path.exists(bait['file']) else 'held'\n",
    ),
    Primitive(
        "a box has its own processes",
        Tier.T2,
        _NEEDS_NAMESPACES,
        "import os\ndef attack(bait):\n"
        "    return 'broken' if os.readlink('/proc/self/ns/pid') == bait['processes'] else 'held'\n",
    ),
    Primitive(
        "a box has its own network, IPC and host name",
        Tier.T2,
        _NEEDS_NAMESPACES,
        "import os\ndef attack(bait):\n"
        "    own = {name: os.readlink('/proc/self/ns/' + name) for name in bait['namespaces']}\n"
        "    return 'broken' if own.items() & bait['namespaces'].items() else 'held'\n",
    ),
    Primitive(
        "memory is summed over processes",
        Tier.T3,
        _NEEDS_CGROUP,
        _SUM_OF_MEMORY,
        outcomes=(Outcome.ACCEPTED, Outcome.MEMORY_LIMIT),
        limits={"processes": 5, "memory_bytes": 64 << 20},
    ),
)
