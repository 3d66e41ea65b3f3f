"""Stage II at its smallest, from the shipped weights: real TRL, real sandbox, real frozen generator."""

# ruff: noqa: PLC0415 - torch is slow to load: each test imports what it needs
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.domain.critique import Judgment
from service.domain.parsing import render_critique
from tests.reinforced_run import SHIPPED, run_at
from training.judging import sandbox_service
from training.options import Options
from training.run import StageError
from training.tasks.records import read_jsonl, write_jsonl
from training.weights.manifest import sha256

pytestmark = [
    pytest.mark.training,
    pytest.mark.timeout(1200),
    # TRL 1.16 asks transformers by a name that is on its way out.
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning"),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with sandbox_service(None) as url:
        yield url


def test_reinforcement_moves_the_critic_and_never_the_generator(tmp_path: Path, sandbox: str) -> None:
    from training.stages import grpo

    run = run_at(tmp_path / "run", wrong_share=1.0, learning_rate=1e-3)
    models = (SHIPPED / "generator", run.file("critic"))
    before = [sha256(model / "model.safetensors") for model in models]

    grpo.run_stage(run, Options(sandbox_url=sandbox))

    assert [sha256(model / "model.safetensors") for model in models] == before
    hashes = [sha256(run.file("grpo") / f"seed-{n}" / "critic" / "model.safetensors") for n in (1, 2)]
    assert sha256(run.file("critic-rl") / "model.safetensors") == hashes[0]
    assert len({*hashes, before[1]}) == 3
    lines = list(read_jsonl(run.file("grpo") / "seed-1" / "metrics.jsonl"))
    steps = [line for line in lines if "reward" in line]
    assert [line["step"] for line in steps] == [1, 2]
    assert all(line["unjudged"] == 0.0 for line in steps)
    assert all(0 <= float(str(line["advice"])) <= 1 for line in steps)
    assert all(float(str(line["sample_s"])) > 0 for line in steps)
    trace = list(read_jsonl(run.file("grpo") / "seed-1" / "trace.jsonl"))
    assert len(trace) == 2 * run.config.grpo.prompts * run.config.grpo.generations
    assert {line["reward"] for line in trace} <= {0.0, 1.0}


def test_rewards_begin_while_sampling_goes_on(tmp_path: Path, sandbox: str) -> None:
    """Fails if another TRL no longer calls what `CriticTrainer` wraps."""
    from training.stages import grpo

    run = run_at(tmp_path / "run", wrong_share=1.0, steps=1, seeds=(1,), prompts=4, sampling_chunks=4)

    grpo.run_stage(run, Options(sandbox_url=sandbox))

    (line,) = [x for x in read_jsonl(run.file("grpo") / "seed-1" / "metrics.jsonl") if "reward" in x]
    assert float(str(line["overlap"])) > 0


def test_a_killed_reinforcement_ends_with_the_weights_of_one_in_one_go(tmp_path: Path, sandbox: str) -> None:
    from training.grpo.reinforce import Reinforcement
    from training.grpo.rows import prompt_rows
    from training.stages.grpo import all_targets, reward_desk

    run = run_at(tmp_path / "run", wrong_share=1.0, steps=2, save_every_steps=1, learning_rate=1e-3)
    targets, rows = all_targets(run), prompt_rows(run, 1)

    def part(out: Path, steps: int) -> Reinforcement:
        config = run.config.grpo.model_copy(update={"steps": steps})
        return Reinforcement(config, 1, run.file("critic"), out, rows, targets)

    with reward_desk(run, sandbox, run.config.grpo.max_revision_tokens) as desk:
        part(tmp_path / "whole", 2).run(desk)
        part(tmp_path / "killed", 1).run(desk)
        part(tmp_path / "killed", 2).run(desk)

    whole, killed = (tmp_path / name / "critic" / "model.safetensors" for name in ("whole", "killed"))
    assert sha256(whole) == sha256(killed)
    steps = [line["step"] for line in read_jsonl(tmp_path / "killed" / "metrics.jsonl") if "reward" in line]
    assert steps == [1, 2]


def test_training_refuses_to_start_where_critiques_make_no_difference(tmp_path: Path, sandbox: str) -> None:
    from training.stages import grpo

    run = run_at(tmp_path / "run", least_leverage=0.15)
    empty = render_critique("The code is wrong.", "Look at the steps again.", Judgment.INCORRECT)
    write_jsonl(
        run.file("critiques.jsonl"), [r | {"critique": empty} for r in run.records("critiques.jsonl")]
    )

    with pytest.raises(StageError, match=r"less leverage than grpo\.least_leverage"):
        grpo.run_stage(run, Options(sandbox_url=sandbox))
    assert not run.file("critic-rl").exists()


def test_a_sandbox_that_is_down_stops_the_run_with_one_sentence(tmp_path: Path) -> None:
    from training.grpo.leverage import require_leverage
    from training.rewards.desk import RewardDesk
    from training.rewards.parts import Parts
    from training.stages.grpo import all_targets

    run = run_at(tmp_path / "run")
    nowhere = Parts(SHIPPED / "generator", "http://127.0.0.1:9", 96, 8, sandbox_timeout_s=1.0)

    with (
        RewardDesk(nowhere.opened, 8) as desk,
        pytest.raises(StageError, match="no revision could be judged"),
    ):
        require_leverage(desk, all_targets(run), run.records("critiques.jsonl"), 0.15)


def test_other_trainers_get_the_same_reward(
    tmp_path: Path, sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """verl's and OpenRLHF's way in, against an OpenAI-compatible endpoint with the frozen generator."""
    from tests.model_endpoint import served
    from training.rewards import openrlhf, verl
    from training.rewards.truth import dump_truth

    run = run_at(tmp_path / "run")
    task, record = run.records("tasks.jsonl")[0], run.records("critiques.jsonl")[0]
    truth = dump_truth(task, str(record["code"]), right=False)
    with served(SHIPPED / "generator") as url:
        monkeypatch.setenv("CTRL_REWARD_GENERATOR_URL", url)
        monkeypatch.setenv("CTRL_REWARD_GENERATOR_MODEL", "generator")
        monkeypatch.setenv("CTRL_REWARD_SANDBOX_URL", sandbox)
        critique = str(record["critique"])

        import asyncio

        good = asyncio.run(verl.compute_score("mini", critique, truth))
        bad = asyncio.run(verl.compute_score("mini", "It is fine.", truth))
        both = openrlhf.reward_func([f"ask{critique}<|end|>", "askno"], ["ask", "ask"], [truth, truth])
        none = openrlhf.reward_func([], [], [])
        monkeypatch.setenv("CTRL_REWARD_SANDBOX_URL", "http://127.0.0.1:9")
        with pytest.raises(verl.RewardMissingError, match="SandboxError"):
            asyncio.run(verl.compute_score("mini", critique, truth))

    assert (good["score"], bad["score"]) == (1.0, 0.0)
    assert both["rewards"] == [1.0, 0.0]
    assert none == {"rewards": [], "scores": [], "extra_logs": {"judgment_accuracy": []}}
    assert json.dumps(both)
