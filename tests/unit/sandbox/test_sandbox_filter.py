"""The system call table and the filter agree."""

import platform
import struct

import pytest

from sandbox_runner.jail import seccomp, syscalls

_LONGEST_PROGRAM = 4096
_JUMP_CLASS = 5


@pytest.mark.parametrize(
    "names",
    [seccomp._FATAL, seccomp._REFUSED, seccomp._PRETENDED, seccomp._ABSENT_IN_TESTS],  # noqa: SLF001
    ids=["fatal", "refused", "pretended", "absent"],
)
def test_every_call_that_the_filter_names_has_a_number_on_x86_64(names: str) -> None:
    assert [name for name in names.split() if name not in syscalls.NUMBERS["x86_64"]] == []


@pytest.mark.parametrize("machine", syscalls.NUMBERS)
def test_no_two_calls_share_a_number(machine: str) -> None:
    numbers = list(syscalls.NUMBERS[machine].values())

    assert len(numbers) == len(set(numbers))


@pytest.mark.skipif(platform.machine() not in syscalls.NUMBERS, reason="no filter for this machine")
@pytest.mark.parametrize(
    "program",
    [seccomp.box_filter(), *(seccomp.TestFilter(may_fork=may).program_for(7) for may in (False, True))],
)
def test_every_jump_stays_inside_the_program(program: bytes) -> None:
    steps = [struct.unpack("<HBBI", program[at : at + 8]) for at in range(0, len(program), 8)]

    assert len(steps) < _LONGEST_PROGRAM
    jumps = [(at, true, false) for at, (code, true, false, _) in enumerate(steps) if code & 7 == _JUMP_CLASS]
    assert jumps
    assert all(at + 1 + max(true, false) < len(steps) for at, true, false in jumps)
