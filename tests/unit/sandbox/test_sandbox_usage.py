"""What a box reads of its processes, any of which may end meanwhile."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from sandbox_runner.jail import usage


@pytest.fixture(autouse=True)
def _whole_proc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    opened = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    monkeypatch.setattr(usage, "PROC_FD", opened)
    yield
    os.close(opened)


def test_a_process_that_has_ended_uses_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass

    assert usage._cpu_s_of_family(ended.pid) == 0  # noqa: SLF001
    assert usage._resident_bytes(ended.pid) == 0  # noqa: SLF001
    assert usage.cpu_s(ended.pid) == 0


def test_looking_takes_no_descriptor_for_good() -> None:
    own, held = os.getpid(), os.listdir("/proc/self/fd")  # noqa: PTH208

    assert usage._cpu_s_of_family(own) > 0  # noqa: SLF001
    assert usage._resident_bytes(own) > 1 << 20  # noqa: SLF001
    assert os.listdir("/proc/self/fd") == held  # noqa: PTH208
