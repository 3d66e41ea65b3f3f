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
    [
        seccomp.box_filter(),
        *(seccomp.test_filter(may_fork=may, alone=False).program_for(7) for may in (False, True)),
    ],
)
def test_every_jump_stays_inside_the_program(program: bytes) -> None:
    steps = [struct.unpack("<HBBI", program[at : at + 8]) for at in range(0, len(program), 8)]

    assert len(steps) < _LONGEST_PROGRAM
    jumps = [(at, true, false) for at, (code, true, false, _) in enumerate(steps) if code & 7 == _JUMP_CLASS]
    assert jumps
    assert all(at + 1 + max(true, false) < len(steps) for at, true, false in jumps)


_ACTIONS = {0x8000_0000: "kill", 0x7FFF_0000: "allow"}
_MACHINE = platform.machine()


def _action(program: bytes, number: int, arguments: tuple[int, ...] = (0,) * 6) -> str:
    """What the kernel would do, by running the program as it does."""
    call = struct.pack("<iIQ6Q", number, syscalls.AUDIT_ARCHITECTURES[_MACHINE], 0, *arguments)
    steps = [struct.unpack("<HBBI", program[at : at + 8]) for at in range(0, len(program), 8)]
    at = value = 0
    while True:
        code, true, false, operand = steps[at]
        at += 1
        match code:
            case 0x20:
                (value,) = struct.unpack_from("<I", call, operand)
            case 0x54:
                value &= operand
            case 0x05:
                at += operand
            case 0x15:
                at += true if value == operand else false
            case 0x35:
                at += true if value >= operand else false
            case 0x45:
                at += true if value & operand else false
            case 0x06:
                return _ACTIONS.get(operand, f"refuse {operand & 0xFFFF}")


@pytest.mark.skipif(_MACHINE not in syscalls.NUMBERS, reason="no filter for this machine")
def test_every_call_gets_the_action_of_its_list() -> None:
    program = seccomp.box_filter()
    names = {number: name for name, number in syscalls.numbers().items()}
    lists = {"kill": seccomp._FATAL, "refuse 1": seccomp._REFUSED, "refuse 0": seccomp._PRETENDED}  # noqa: SLF001
    expected = {name: action for action, listed in lists.items() for name in listed.split()}
    conditional = {name for name, _ in seccomp._conditional()}  # noqa: SLF001
    first_unknown = seccomp._FIRST_UNKNOWN_CALL  # noqa: SLF001

    for number in range(first_unknown):
        name = names.get(number, "")
        if name not in conditional:
            assert _action(program, number) == expected.get(name, "allow"), (number, name)
    assert {_action(program, number) for number in range(first_unknown, 600)} == {"refuse 38"}


@pytest.mark.skipif(_MACHINE != "x86_64", reason="x86_64 only")
@pytest.mark.parametrize("number", [0x4000_0000, 0x4000_0027, 0xFFFF_FFFF - (1 << 32)])
def test_a_call_of_the_x32_abi_is_fatal(number: int) -> None:
    assert _action(seccomp.box_filter(), number) == "kill"


@pytest.mark.skipif(_MACHINE not in syscalls.NUMBERS, reason="no filter for this machine")
def test_a_test_may_signal_itself_only() -> None:
    program = seccomp.test_filter(may_fork=False, alone=False).program_for(7)
    kill = syscalls.numbers()["kill"]

    assert _action(program, kill, (7, 9, 0, 0, 0, 0)) == "allow"
    assert _action(program, kill, (8, 9, 0, 0, 0, 0)) == "refuse 1"
    assert _action(program, kill, ((1 << 64) - 1, 9, 0, 0, 0, 0)) == "refuse 1"


@pytest.mark.skipif(_MACHINE not in syscalls.NUMBERS, reason="no filter for this machine")
def test_a_test_alone_with_its_box_may_signal_neither_the_box_nor_groups() -> None:
    program = seccomp.test_filter(may_fork=False, alone=True).program_for(7)
    kill = syscalls.numbers()["kill"]

    assert _action(program, kill, (2, 9, 0, 0, 0, 0)) == "allow"
    for target in (0, 1, (1 << 64) - 1, (1 << 32) - 5, 1 << 31):
        assert _action(program, kill, (target, 9, 0, 0, 0, 0)) == "refuse 1"


@pytest.mark.skipif(_MACHINE not in syscalls.NUMBERS, reason="no filter for this machine")
def test_a_test_may_make_threads_and_no_processes() -> None:
    program = seccomp.test_filter(may_fork=False, alone=False).program_for(7)
    clone = syscalls.numbers()["clone"]

    assert _action(program, clone, (0x3D0F00, 0, 0, 0, 0, 0)) == "allow"
    assert _action(program, clone, (17, 0, 0, 0, 0, 0)) == "refuse 1"
