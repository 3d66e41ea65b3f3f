"""What one test may use, as the kernel is told."""

import math
import resource
from dataclasses import asdict, dataclass

_THREADS = 64
OPEN_FILES = 64
_REPORT_BYTES = 64 << 10
_PENDING_SIGNALS = 256  # and timers: each is kernel memory that no other limit counts
_STACK_BYTES = 64 << 20
_RESERVED_BYTES = 4 << 30
_EXECUTED_STACK_BYTES, _USUAL_STACK_BYTES = 256 << 20, 8 << 20
# Address space also counts what is reserved and never touched: libraries, thread stacks, guard pages.
_ADDRESS_SPACE_SLACK_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one test: seconds, bytes, and how many processes."""

    cpu_s: float
    wall_s: float
    memory_bytes: int
    output_bytes: int
    processes: int

    @property
    def tasks(self) -> int:
        """Processes and threads together, with the box's own first process."""
        return self.processes + _THREADS + 1

    @property
    def file_bytes(self) -> int:
        """The largest file: an output, or the report of a program that may print next to nothing."""
        return max(self.output_bytes, _REPORT_BYTES)

    def as_message(self) -> dict[str, float | int]:
        return asdict(self)


def apply(limits: Limits, file_bytes: int) -> None:
    """Set on this process and those it forks what tests that are forks of a box may use.

    Files get one byte more than allowed, so that a full one means "too much" and not "just enough".
    """
    _set(resource.RLIMIT_FSIZE, file_bytes + 1)
    _set(resource.RLIMIT_DATA, limits.memory_bytes)
    _set(resource.RLIMIT_AS, limits.memory_bytes + _ADDRESS_SPACE_SLACK_BYTES)
    _set_stack(_STACK_BYTES)


def apply_to_executed(limits: Limits, file_bytes: int, *, reserves: bool) -> None:
    """The same for one test that is executed, and its CPU seconds.

    Its memory is what it touches, which the cgroup bounds and the box measures; this stands behind them.
    """
    resource.setrlimit(resource.RLIMIT_CPU, cpu_seconds(limits))
    _set(resource.RLIMIT_FSIZE, file_bytes + 1)
    # Each thread of a language runtime gets a stack as large as this limit.
    stack = _USUAL_STACK_BYTES if reserves else _EXECUTED_STACK_BYTES
    _set_stack(min(limits.memory_bytes, stack))
    backstop = 2 * limits.memory_bytes + _ADDRESS_SPACE_SLACK_BYTES
    _set(resource.RLIMIT_DATA, backstop + (_RESERVED_BYTES if reserves else 0))
    if not reserves:
        _set(resource.RLIMIT_AS, backstop)


def apply_to_box(limits: Limits, *, count_tasks: bool) -> None:
    """Set what is the same for everything in a box.

    Tasks are counted per user: without a user of its own, a box would count the host's.
    """
    _set(resource.RLIMIT_NOFILE, OPEN_FILES)
    _set(resource.RLIMIT_SIGPENDING, _PENDING_SIGNALS)
    # 0 forbids core files only; the kernel takes 1 to forbid dumps into the host's crash handler too.
    _set(resource.RLIMIT_CORE, 1)
    for forbidden in (resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE):
        _set(forbidden, 0)
    if count_tasks:
        _set(resource.RLIMIT_NPROC, limits.tasks)


def cpu_seconds(limits: Limits) -> tuple[int, int]:
    """The limit of a test in whole seconds, once more for compiling: the box measures the fraction."""
    bounded, _ = _bounded(resource.RLIMIT_CPU, 2 * math.ceil(limits.cpu_s) + 1)
    return bounded, bounded


def _set_stack(size: int) -> None:
    """A program may raise this one, as those that recurse do first: what a stack takes is memory like any."""
    bounded, hard = _bounded(resource.RLIMIT_STACK, size)
    resource.setrlimit(resource.RLIMIT_STACK, (bounded, hard))


def _set(kind: int, ceiling: int) -> None:
    bounded, _ = _bounded(kind, ceiling)
    resource.setrlimit(kind, (bounded, bounded))


def _bounded(kind: int, ceiling: int) -> tuple[int, int]:
    """The ceiling, as far as it may be set, and the hard limit that stands."""
    _, hard = resource.getrlimit(kind)
    return (ceiling if hard == resource.RLIM_INFINITY else min(ceiling, hard)), hard
