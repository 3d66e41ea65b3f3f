"""`ctrl` with nothing faked but the weights, which are random: sandbox and gateway as real processes."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from typer.testing import CliRunner

from service.cli.commands import app
from service.cli.stack import free_port, port_is_free
from tests.engine_checkpoint import Shape, write_checkpoint

pytestmark = pytest.mark.isolation

CONFIG = """
[models.g]
engine = "embedded"
path = "weights"
role = "generator"
[models.c]
engine = "embedded"
path = "weights"
role = "critic"
[defaults]
generator = "g"
critic = "c"
rounds = 1
"""
PROBLEM = {
    "id": "p1",
    "problem": "Add one.",
    "entry_point": "f",
    "tests": [{"args": [1], "expected": 2}],
    "hidden_tests": [{"args": [5], "expected": 6}],
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_checkpoint(
        tmp_path / "weights", Shape(hidden=16, intermediate=16, layers=1, heads=2, groups=1, context=8192)
    )
    path = tmp_path / "ctrl.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def test_up_serves_until_it_is_told_to_stop(config: Path) -> None:
    port, sandbox_port = free_port(), free_port()
    ports = ("--port", str(port), "--sandbox-port", str(sandbox_port))
    up = [sys.executable, "-m", "service.cli", "up", *ports, "--config", str(config)]
    with subprocess.Popen(up, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            _wait_until_it_answers(f"http://127.0.0.1:{port}/ready", process)
            again = subprocess.run(up, capture_output=True, text=True, timeout=30, check=False)
            ask = {"problem": "Add one.", "entry_point": "f", "tests": PROBLEM["tests"]}
            answer = httpx.post(f"http://127.0.0.1:{port}/refine", json=ask, timeout=30)
            ran = asyncio.run(_run_by_mcp(port, {"code": "print(int(input()) + 1)", "stdin": "3\n"}))
        finally:
            process.send_signal(signal.SIGTERM)
        log, said = process.communicate(timeout=30)

    assert process.returncode == 0
    assert answer.status_code == 200
    assert answer.json()["rounds"][0]["verdict"]["total"] == 1
    assert (ran["outcome"], ran["stdout"]) == ("accepted", "4\n")
    assert again.returncode == 3
    assert f"port {sandbox_port} is in use" in again.stderr
    assert f"gateway  http://127.0.0.1:{port}" in said
    assert all(json.loads(line)["event"] for line in log.splitlines())
    assert port_is_free(port)
    assert port_is_free(sandbox_port)


def test_the_demo_refines_and_counts(config: Path, tmp_path: Path) -> None:
    problems = tmp_path / "demo.jsonl"
    problems.write_text(json.dumps(PROBLEM) + "\n", encoding="utf-8")

    result = CliRunner().invoke(
        app, ["demo", "--file", str(problems), "--config", str(config), "--no-stay", "--problems", "1"]
    )

    assert result.exit_code == 0, result.output
    assert "problem 1 of 1" in result.stdout
    assert "Hidden tests (nobody in the loop is told): 0/1 passed" in result.stdout
    assert "solved by the draft" in result.stdout


def test_without_weights_the_reason_is_given(tmp_path: Path) -> None:
    (tmp_path / "ctrl.toml").write_text(CONFIG, encoding="utf-8")

    result = CliRunner().invoke(app, ["models", "--config", str(tmp_path / "ctrl.toml")])

    assert result.exit_code == 3
    assert "the gateway did not start" in result.stderr
    assert "weights" in result.stderr
    assert "Traceback" not in result.stderr


async def _run_by_mcp(port: int, program: dict[str, str]) -> Any:
    async with Client(f"http://127.0.0.1:{port}/mcp") as client:
        return (await client.call_tool("run_code", program)).structured_content


def _wait_until_it_answers(url: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the stack does not answer")
