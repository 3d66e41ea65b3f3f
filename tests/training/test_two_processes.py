"""Training on two processes of this machine: the path that eight nodes take, with gloo instead of NCCL."""

# ruff: noqa: PLC0415 - torch is slow to load: each test imports what it needs
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reinforced_run import run_at
from tests.tiny_run import tiny_config, tiny_run, write_toml
from training.judging import sandbox_service
from training.run import Record, Run
from training.tasks.records import read_jsonl
from training.weights.manifest import sha256

pytestmark = [pytest.mark.training, pytest.mark.timeout(300)]
LAUNCHER = ("torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m")


def launch(
    tmp_path: Path, tree: Record, stage: str = "sft", *options: str
) -> subprocess.CompletedProcess[str]:
    config = write_toml(tree, tmp_path / "tiny.toml")
    return subprocess.run(
        [sys.executable, "-m", *LAUNCHER, "training.cli", stage, str(config), *options],
        env={
            "ACCELERATE_USE_CPU": "true",
            "HOME": str(tmp_path),
            "OMP_NUM_THREADS": "1",
            "PATH": str(Path(sys.executable).parent),
            "PYTHONPATH": str(Path.cwd()),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_two_processes_train_the_model_that_one_trains_on_their_batches_together(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    from training.options import Options
    from training.stages import sft

    halves: Record = {"batch": 4, "accumulation": 1, "epochs": 2}
    run = tiny_run(tmp_path, halves)
    together = run.config.sft.model_copy(update={"batch": 8})
    alone = Run(run.config.model_copy(update={"sft": together, "out": tmp_path / "alone"}))
    for name in ("tasks.jsonl", "critiques.jsonl"):
        alone.out.mkdir(exist_ok=True)
        alone.file(name).write_bytes(run.file(name).read_bytes())
    sft.run_stage(alone, Options())

    done = launch(tmp_path, tiny_config(tmp_path, tmp_path / "llama", halves))

    assert done.returncode == 0, done.stderr
    assert run.is_done("sft")
    before = load_file(tmp_path / "llama" / "model.safetensors")
    one = load_file(alone.file("critic") / "model.safetensors")
    two = load_file(run.file("critic") / "model.safetensors")
    moved = max(float((one[name] - before[name]).abs().max()) for name in one)
    apart = max(float((one[name] - two[name]).abs().max()) for name in one)
    assert apart < moved / 100, (apart, moved)
    lines = [json.loads(line) for line in run.file("sft.metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [4]
    assert [path.name for path in run.out.glob("critic*")] == ["critic"]


def test_two_processes_reinforce_one_critic(tmp_path: Path) -> None:
    run = run_at(tmp_path / "run", wrong_share=1.0, seeds=(1,), prompts=4, learning_rate=1e-3)
    tree = run.config.model_dump(mode="json", exclude_none=True, exclude={"hardware", "tasks", "export"})
    before = sha256(run.file("critic") / "model.safetensors")

    with sandbox_service(None) as url:
        done = launch(tmp_path, tree, "grpo", "--sandbox", url)

    assert done.returncode == 0, done.stderr
    assert sha256(run.file("critic-rl") / "model.safetensors") != before
    traces = [list(read_jsonl(path)) for path in (run.file("grpo") / "seed-1").glob("trace*.jsonl")]
    lines = [x for x in read_jsonl(run.file("grpo") / "seed-1" / "metrics.jsonl") if "reward" in x]
    grpo = run.config.grpo
    assert [len(trace) for trace in traces] == [grpo.steps * grpo.prompts * grpo.generations // 2] * 2
    assert [line["step"] for line in lines] == [1, 2]


def test_a_stage_for_one_process_refuses_a_launcher(tmp_path: Path) -> None:
    tiny_run(tmp_path)

    done = launch(tmp_path, tiny_config(tmp_path, tmp_path / "llama", {}), "hints")

    assert done.returncode != 0
    assert "hints: only sft and grpo run on many processes; start it without a launcher" in done.stderr
