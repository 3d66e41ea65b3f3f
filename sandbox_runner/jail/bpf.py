"""Classic BPF for system call filters: instructions, and the dispatch of a call to the block that decides it.

A block is a list of instructions that ends by returning an action.
"""

import errno
import struct
from collections.abc import Mapping

Instruction = bytes
Block = list[Instruction]

_LOAD, _JUMP, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _AND, _RETURN = 0x20, 5, 0x15, 0x35, 0x45, 0x54, 6
_KILL, _REFUSE, _ALLOW = 0x8000_0000, 0x0005_0000, 0x7FFF_0000
_FARTHEST_BRANCH = 255


def kill() -> Block:
    return [_step(_RETURN, _KILL)]


def refuse(error: int = errno.EPERM) -> Block:
    """Answer with an error; 0 pretends that the call succeeded."""
    return [_step(_RETURN, _REFUSE | error)]


def allow() -> Block:
    return [_step(_RETURN, _ALLOW)]


def load_number() -> Instruction:
    return _step(_LOAD, 0)


def load_argument(index: int, *, high: bool = False) -> Instruction:
    return _step(_LOAD, 16 + 8 * index + (4 if high else 0))


def mask(bits: int) -> Instruction:
    return _step(_AND, bits)


def jump_equal(value: int, if_true: int, if_false: int) -> Instruction:
    return _step(_JUMP_EQUAL, value, if_true, if_false)


def jump_at_least(value: int, if_true: int, if_false: int) -> Instruction:
    return _step(_JUMP_AT_LEAST, value, if_true, if_false)


def jump_any_bit(bits: int, if_true: int, if_false: int) -> Instruction:
    return _step(_JUMP_ANY_BIT, bits, if_true, if_false)


def require_architecture(audit_number: int) -> Block:
    """Kill calls of a foreign architecture, whose numbers mean other things. The one block that goes on."""
    return [_step(_LOAD, 4), jump_equal(audit_number, 1, 0), *kill()]


def dispatch(blocks: Mapping[int, Block], tail: Mapping[int, Block]) -> Block:
    """Allow every call but those in `blocks`; `tail` decides from a number on.

    By halving: when a filter is put on, the kernel tries all of some 450 calls against it, so a list of
    comparisons costs 0.3 ms a time.
    """
    runs: list[tuple[int, Block]] = [(0, allow())]
    for number in sorted(blocks):
        _extend(runs, number, blocks[number])
        _extend(runs, number + 1, allow())
    for number in sorted(tail):
        runs = [run for run in runs if run[0] < number]
        _extend(runs, number, tail[number])
    return [load_number(), *_halve(runs)]


def _extend(runs: list[tuple[int, Block]], start: int, block: Block) -> None:
    """Let `block` decide from `start` on."""
    if runs[-1][0] == start:
        runs.pop()
    if not runs or runs[-1][1] != block:
        runs.append((start, block))


def _halve(runs: list[tuple[int, Block]]) -> Block:
    if len(runs) == 1:
        return runs[0][1]
    middle = len(runs) // 2
    below, above = _halve(runs[:middle]), _halve(runs[middle:])
    start = runs[middle][0]
    if len(below) <= _FARTHEST_BRANCH:
        return [_step(_JUMP_AT_LEAST, start, len(below), 0), *below, *above]
    return [_step(_JUMP_AT_LEAST, start, 0, 1), _step(_JUMP, len(below)), *below, *above]


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> Instruction:
    return struct.pack("<HBBI", code, if_true, if_false, value)
