"""Every stage at its smallest: the base from nothing, the others from the shipped weights."""

# ruff: noqa: PLC0415 - torch is slow to load: each test imports what it needs
import json
import random
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from training.config import TrainConfig, load_config
from training.options import Options
from training.run import Run, StageError

pytestmark = [pytest.mark.training, pytest.mark.timeout(1200)]
SHIPPED = Path("weights/mini")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config: TrainConfig = load_config(Path("configs/smoke.toml"))
    (tmp_path / "run").mkdir()
    return Run(config.model_copy(update={"out": tmp_path / "run"}))


def test_only_the_named_passages_and_the_completion_are_learnt(run: Run) -> None:
    from training.base.corpus import Mix, Noise, make_example
    from training.base.rows import IGNORED, encode
    from training.base.tokenizer import fixed_wording, train_tokenizer

    tokenizer = train_tokenizer(run.config.scratch[0].vocabulary, run.config.seed)
    rng = random.Random(1)
    for _ in range(50):
        example = make_example(rng, Mix(1, 3, 1, 1), Noise())
        ids, labels = encode(tokenizer, example)

        learnt = tokenizer.decode([token for token in labels if token != IGNORED])
        assert isinstance(learnt, str)
        assert all(passage in learnt for passage in example.also)
        assert learnt.endswith(f"{example.completion}<|end|>")
        assert len(learnt) == len(f"{''.join(example.also)}{example.completion}<|end|>")
        assert len(ids) == len(labels)
    assert all(len(tokenizer.encode(passage)) == 1 for passage in fixed_wording())


def test_a_critic_is_built_from_a_base_model_and_measured(run: Run, tmp_path: Path) -> None:
    from training.stages import evaluate, export, hints, report, sft, solve, synthesize, tasks
    from training.weights.manifest import sha256

    shutil.copytree(SHIPPED / "generator", run.file("base"))
    options = Options(weights=tmp_path / "weights", docs=tmp_path)
    for stage in (tasks, solve, hints, synthesize, sft, export):
        stage.run_stage(run, options)
    shutil.copytree(run.file("critic"), run.file("critic-rl"))
    for stage in (evaluate, report):
        stage.run_stage(run, options)
    evaluation = json.loads(run.file("evaluation.json").read_text(encoding="utf-8"))
    (run.unfinished("evaluate") / "test" / "ctrl.json").unlink()
    evaluate.run_stage(run, replace(options, sandbox_url="http://127.0.0.1:9"))

    critic = json.loads((options.weights / "critic" / "critic.json").read_text(encoding="utf-8"))
    assert critic["dataset_sha256"] == sha256(run.file("critiques.jsonl"))
    assert critic["files"]["model.safetensors"] == sha256(options.weights / "critic" / "model.safetensors")
    resumed = json.loads(run.file("evaluation.json").read_text(encoding="utf-8"))
    assert resumed["groups"] == evaluation["groups"]
    assert set(critic["metrics"]) == {gate["name"] for gate in evaluation["gates"]}
    assert set(evaluation["groups"]["test"]["trials"]) >= {"zero-shot", "resample", "ctrl", "oracle"}
    assert set(evaluation["pairs"]) <= {"self", "sft", "ctrl"}
    page = (options.docs / "results.md").read_text(encoding="utf-8")
    assert "| 9 | Reinforcement is healthy on all seeds | **not run** |" in page
    assert all((options.docs / path).is_file() for path in re.findall(r"\]\((results/.*?)\)", page))


def test_a_grown_model_computes_what_the_small_one_does(run: Run) -> None:
    import torch

    from training.base.growth import grown
    from training.base.pretrain import new_model
    from training.base.tokenizer import train_tokenizer

    config = run.config.scratch[0]
    tokenizer = train_tokenizer(config.vocabulary, run.config.seed)
    small = new_model(config, tokenizer, 1).eval()
    deeper = config.model_copy(update={"layers": config.layers + 2})
    wider = config.model_copy(update={"hidden": 2 * config.hidden})
    large = grown(small, new_model(deeper, tokenizer, 2)).eval()
    ids = torch.tensor([[5, 6, 7, 8]])

    with torch.no_grad():
        assert torch.equal(small(ids).logits, large(ids).logits)
    with pytest.raises(StageError, match="as wide as the main model"):
        grown(small, new_model(wider, tokenizer, 2))


def test_other_sizes_get_critics_trained_like_the_main_one(run: Run) -> None:
    from training.stages import grpo, hints, sft, sizes, solve, synthesize, tasks

    shutil.copytree(SHIPPED / "generator", run.file("base"))
    options = Options()
    for stage in (tasks, solve, hints, synthesize, sft, grpo, sizes):
        stage.run_stage(run, options)

    made = run.file("sizes") / "tiny"
    assert {path.name for path in made.iterdir() if path.is_dir()} >= {"base", "critic", "critic-rl"}
    assert (made / "grpo" / "metrics.jsonl").is_file()
    assert (run.file("critic-rl") / "model.safetensors").is_file()
