"""A gateway that is told to stop before it serves: nothing is there yet to be ended in order."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


@pytest.mark.parametrize("after_s", [0, 0.2, 0.4])
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_and_without_a_traceback(stop: signal.Signals, after_s: float) -> None:
    """Within an import pydantic made an error of its own of the interrupt, and forty lines were printed."""
    command = [sys.executable, "-m", "service.cli", "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while "pydantic_core" not in Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8"):
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(after_s)
    process.send_signal(stop)
    _, said = process.communicate(timeout=30)

    assert said == ""
    assert process.returncode in {-stop, 130}
