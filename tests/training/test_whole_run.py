"""The whole pipeline as a person runs it, killed on the way and started again."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from training.config import load_config
from training.run import Run
from training.stages import STAGES

pytestmark = [pytest.mark.training, pytest.mark.timeout(900)]
LEARNT = ("base", "tasks", "solve", "hints", "synthesize", "sft")


def configured(tmp_path: Path) -> tuple[Run, Path]:
    """The smoke configuration in a folder of its own, with the shipped generator as its base model."""
    config = tmp_path / "smoke.toml"
    text = Path("configs/smoke.toml").read_text(encoding="utf-8")
    config.write_text(text.replace('"runs/smoke"', f'"{tmp_path / "run"}"'), encoding="utf-8")
    run = Run(load_config(config))
    shutil.copytree("weights/mini/generator", run.file("base"))
    run.mark_done("base", seconds=0.0)
    return run, config


def started(config: Path, tmp_path: Path) -> subprocess.Popen[str]:
    options = ("--weights", str(tmp_path / "weights"), "--docs", str(tmp_path / "docs"))
    command = [sys.executable, "-m", "training.cli", "run", str(config), *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def all_end(pids: list[int], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while alive := [pid for pid in pids if Path(f"/proc/{pid}/exe").exists()]:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return not alive


def test_a_run_killed_in_reinforcement_goes_on_and_ends_with_a_report(tmp_path: Path) -> None:
    run, config = configured(tmp_path)
    killed = started(config, tmp_path)
    while not run.unfinished("grpo").is_dir() and killed.poll() is None:
        time.sleep(0.05)
    sandboxes = children(killed.pid) if killed.poll() is None else []
    killed.kill()
    _, said = killed.communicate()
    assert run.unfinished("grpo").is_dir(), said
    assert sandboxes
    assert all_end(sandboxes, within_s=20)
    marks = {stage: run.file(f"{stage}.done.json").stat().st_mtime_ns for stage in LEARNT}
    assert not run.is_done("grpo")

    again = started(config, tmp_path)
    _, said = again.communicate(timeout=600)

    assert again.returncode == 0, said
    assert all(run.is_done(stage) for stage in STAGES)
    assert marks == {stage: run.file(f"{stage}.done.json").stat().st_mtime_ns for stage in LEARNT}
    assert "sft: done before" in said
    assert (tmp_path / "docs" / "results.md").is_file()
    assert (tmp_path / "weights" / "critic" / "critic.json").is_file()
