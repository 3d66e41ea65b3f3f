"""`ctrl batch`, stopped or killed: nothing that was done is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes import ScriptedGenerator
from tests.unit.api.world import RIGHT
from tests.unit.cli.batching import Files, asks, batch, right_world
from tests.unit.cli.serving import serving


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "in.jsonl", tmp_path / "out.jsonl")


def _started(files: Files, url: str) -> subprocess.Popen[bytes]:
    arguments = ["batch", str(files.source), str(files.out), "--url", url, "--concurrency", "2", "--json"]
    command = [sys.executable, "-m", "service.cli", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _wait_for_rows(files: Files, count: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if files.out.exists() and files.out.read_bytes().count(b"\n") == count:
            return
        time.sleep(0.02)
    raise AssertionError(f"no {count} rows in time")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_loses_nothing_and_is_gone_on_with(files: Files, number: int) -> None:
    files.write(*asks(6))
    world = right_world(generator=ScriptedGenerator([RIGHT], hangs_at=3))
    with serving(world.app()) as url:
        # The other worker does the rest; then only the row that hangs is at work.
        running = _started(files, url)
        _wait_for_rows(files, 5)
        os.kill(running.pid, number)
        said, complaints = running.communicate(timeout=60)
        rows = files.read()
        code, summary, _ = batch(files, url)

    assert running.returncode == 130
    assert (json.loads(said)["done"], json.loads(said)["left"]) == (5, 1)
    assert b"Traceback" not in complaints
    assert world.generator.in_flight == 0
    assert len(rows) == 5
    assert (code, summary["skipped"], summary["done"]) == (0, 5, 1)
    assert sorted(row["id"] for row in files.read()) == list(range(6))


def test_a_run_that_is_killed_loses_nothing_that_was_done(files: Files) -> None:
    files.write(*asks(6))
    with serving(right_world(generator=ScriptedGenerator([RIGHT], hangs_at=3)).app()) as url:
        running = _started(files, url)
        _wait_for_rows(files, 5)
        running.kill()
        running.communicate(timeout=60)
        code, summary, _ = batch(files, url)

    assert (code, summary["skipped"], summary["done"]) == (0, 5, 1)
