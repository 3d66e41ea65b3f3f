"""What a filter decides by the arguments of a call: blocks for the dispatch in `seccomp`."""

from sandbox_runner.jail import bpf
from sandbox_runner.jail.bpf import Block

RLIMIT_CORE = 4
_O_TRUNC, _O_ACCMODE = 0o1000, 0o3
_SIGCHLD = 17
STREAM, SEQPACKET = 1, 5


def nobody_special() -> Block:
    """Refuse signals to the first process, and to groups and everyone, which are 0 and negative."""
    return [
        bpf.load_argument(0),
        bpf.jump_at_least(1 << 31, 2, 0),
        bpf.jump_at_least(2, 0, 1),
        *bpf.allow(),
        *bpf.refuse(),
    ]


def own_limits() -> Block:
    """Allow what concerns oneself, but no new limit of core files."""
    return [
        bpf.load_argument(0),
        bpf.jump_equal(0, 0, 6),
        bpf.load_argument(1),
        bpf.jump_equal(RLIMIT_CORE, 0, 5),
        bpf.load_argument(2),
        bpf.jump_equal(0, 0, 2),
        bpf.load_argument(2, high=True),
        bpf.jump_equal(0, 1, 0),
        *bpf.refuse(),
        *bpf.allow(),
    ]


def truncating_read(flags: int) -> Block:
    return [
        bpf.load_argument(flags),
        bpf.mask(_O_TRUNC | _O_ACCMODE),
        bpf.jump_equal(_O_TRUNC, 0, 1),
        *bpf.refuse(),
        *bpf.allow(),
    ]


def child_signal() -> Block:
    """Keep children from being reaped unseen: the kernel then forgets the CPU time that they used."""
    return [
        bpf.load_argument(0),
        bpf.jump_equal(_SIGCHLD, 0, 5),
        bpf.load_argument(1),
        bpf.jump_equal(0, 0, 2),
        bpf.load_argument(1, high=True),
        bpf.jump_equal(0, 1, 0),
        *bpf.refuse(),
        *bpf.allow(),
    ]


def local_pair(other: int) -> Block:
    """Allow a connected pair of local sockets, which event loops need; it can reach nobody else."""
    return [
        bpf.load_argument(0),
        bpf.jump_equal(1, 0, 4),
        bpf.load_argument(1),
        bpf.mask(0xF),
        bpf.jump_equal(STREAM, 2, 0),
        bpf.jump_equal(other, 1, 0),
        *bpf.refuse(),
        *bpf.allow(),
    ]


def connected_send() -> Block:
    return [
        bpf.load_argument(4),
        bpf.jump_equal(0, 0, 2),
        bpf.load_argument(4, high=True),
        bpf.jump_equal(0, 1, 0),
        *bpf.refuse(),
        *bpf.allow(),
    ]


def unless_argument(index: int, value: int, otherwise: Block) -> Block:
    return [bpf.load_argument(index), bpf.jump_equal(value, len(otherwise), 0), *otherwise, *bpf.allow()]


def if_any_bit(index: int, bits: int, then: Block) -> Block:
    return [bpf.load_argument(index), bpf.jump_any_bit(bits, 0, len(then)), *then, *bpf.allow()]


def if_argument(index: int, values: tuple[int, ...], then: Block) -> Block:
    tests = [step for value in values for step in (bpf.jump_equal(value, 0, len(then)), *then)]
    return [bpf.load_argument(index), *tests, *bpf.allow()]


def only_argument(index: int, values: tuple[int, ...], otherwise: Block) -> Block:
    """Allow these values of an argument and none else."""
    past = [len(values) - at + len(otherwise) for at in range(1, len(values) + 1)]
    tests = [bpf.jump_equal(value, skip, 0) for value, skip in zip(values, past, strict=True)]
    return [bpf.load_argument(index), *tests, *otherwise, *bpf.allow()]
