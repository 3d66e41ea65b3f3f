"""`ctrl-sandbox --check`: what the walls of this machine are, for whoever is about to rely on them."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.isolation


@pytest.mark.parametrize(
    ("wanted", "status", "said"),
    [
        ("T1", 0, "What held:\n  programs run (T1)"),
        ("T4", 1, "SANDBOX_MIN_TIER is T4. Missing:\n"),
        ("T9", 1, "SANDBOX_MIN_TIER: Input should be 'T0', 'T1'"),
    ],
)
def test_a_check_says_what_held_and_ends_as_a_start_would(
    wanted: str, status: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX_MIN_TIER", wanted)
    command = [sys.executable, "-m", "sandbox_runner.cli", "--check"]

    check = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    assert check.returncode == status, check.stderr
    assert said in (check.stderr if status else check.stdout)
    assert '"event"' not in check.stdout, "a table for people has no log lines in it"
    if wanted != "T9":
        assert "a kernel of its own" in check.stdout + check.stderr
        assert "remedy: run the service under gVisor" in check.stdout + check.stderr
