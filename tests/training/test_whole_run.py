"""The whole pipeline as a person runs it, killed twice on the way and started again."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from training.config import load_config
from training.run import Run
from training.stages import STAGES
from training.weights.manifest import sha256

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
    command = [sys.executable, "-m", "training.cli", "run", str(config)]
    command += ["--weights", str(tmp_path / "weights")]
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


def kill(process: subprocess.Popen[str], once: Callable[[], bool]) -> list[int]:
    """Kill a run when something is there, and return the processes it had started."""
    while not once() and process.poll() is None:
        time.sleep(0.05)
    its = children(process.pid) if process.poll() is None else []
    process.kill()
    _, said = process.communicate()
    assert once(), said
    return its


@dataclass(frozen=True)
class Finished:
    """What a run left that was killed twice, in reinforcement and in evaluation."""

    run: Run
    folder: Path
    sandboxes: list[int]
    made: dict[str, int]
    """When the stages before reinforcement were finished, as the first start left it."""
    found: set[str]
    """Parts of the evaluation that were there when it was killed."""
    said: str
    """By the last start."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("whole")
    run, config = configured(folder)
    sandboxes = kill(started(config, folder), lambda: run.unfinished("grpo").is_dir())
    made = times(run)
    assert not run.is_done("grpo")

    def parts() -> set[str]:
        return {path.stem for path in run.unfinished("evaluate").glob("test/*.json")}

    kill(started(config, folder), lambda: run.is_done("sizes") and len(parts()) > 1)
    found = parts()
    last = started(config, folder)
    _, said = last.communicate(timeout=600)
    assert last.returncode == 0, said
    return Finished(run, folder, sandboxes, made, found, said)


def times(run: Run) -> dict[str, int]:
    return {stage: run.file(f"{stage}.done.json").stat().st_mtime_ns for stage in LEARNT}


def test_a_killed_run_goes_on_where_it_was(finished: Finished) -> None:
    assert all(finished.run.is_done(stage) for stage in STAGES)
    assert finished.made == times(finished.run)
    assert "sft: done before" in finished.said
    assert "grpo: done before" in finished.said
    assert not [name for name in finished.found if f" test/{name}: " in finished.said]
    assert " test/ctrl: " in finished.said


def test_a_killed_run_leaves_no_sandbox(finished: Finished) -> None:
    assert finished.sandboxes
    assert all_end(finished.sandboxes, within_s=20)


def test_other_sizes_get_critics_trained_like_the_main_one(finished: Finished) -> None:
    made = finished.run.file("sizes") / "tiny"

    assert {path.name for path in made.iterdir() if path.is_dir()} >= {"base", "critic", "critic-rl"}
    assert (made / "grpo" / "metrics.jsonl").is_file()


def test_the_shipped_critic_says_what_it_was_made_of_and_how_good_it_is(finished: Finished) -> None:
    shipped = finished.folder / "weights" / "critic"
    critic = json.loads((shipped / "critic.json").read_text(encoding="utf-8"))
    evaluation = json.loads(finished.run.file("evaluation.json").read_text(encoding="utf-8"))

    assert critic["dataset_sha256"] == sha256(finished.run.file("critiques.jsonl"))
    assert critic["files"]["model.safetensors"] == sha256(shipped / "model.safetensors")
    assert set(critic["metrics"]) == {gate["name"] for gate in evaluation["gates"]}
    assert set(evaluation["groups"]["test"]["trials"]) >= {"zero-shot", "resample", "ctrl", "oracle"}
    assert set(evaluation["pairs"]) <= {"drafts", "misread"}
    assert set(evaluation["pairs"]["misread"]) == {"self", "sft", "ctrl", "oracle"}


def test_the_report_shows_every_claim_and_its_plots(finished: Finished) -> None:
    page = finished.run.file("results.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| (\d) \| [A-Z].* \| \*\*", page, re.MULTILINE) == list("123456789")
    plots = re.findall(r"\]\((results/.*?)\)", page)
    assert plots
    assert all(finished.run.file(path).is_file() for path in plots)
