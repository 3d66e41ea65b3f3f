"""How an end is told, byte by byte."""

import pytest

from sandbox_runner.jail import ending
from sandbox_runner.jail.ending import Ending, MalformedEndingError


@pytest.mark.parametrize("more", [b"", b"\0\0"])
def test_an_ending_may_say_what_is_left_of_its_box(more: bytes) -> None:
    packet = ending.pack(ending.ENDING, 0, 0, 0.5, 1.5, 7, 0.25, True, True)

    found = Ending.unpack(packet + more)

    assert (found.cpu_s, found.wall_s, found.memory_bytes) == (0.5, 1.5, 7)
    assert (found.leaked_cgroups, found.leaked_processes) == (0, 0)


@pytest.mark.parametrize("size", [-1, 1, 3])
def test_no_ending_is_of_another_size(size: int) -> None:
    packet = ending.pack(ending.ENDING, 0, 0, 0.5, 1.5, 7, 0.25, True, True)

    with pytest.raises(MalformedEndingError):
        Ending.unpack((packet + b"\0\0\0")[: len(packet) + size])


def test_no_ending_is_at_an_unknown_limit() -> None:
    with pytest.raises(MalformedEndingError):
        Ending.unpack(ending.pack(ending.ENDING, 0, ending.AT_MEMORY + 1, 0.5, 1.5, 7, 0.25, True, True))
