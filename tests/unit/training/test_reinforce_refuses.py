"""What reinforcement refuses before it loads a model."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from transformers import PreTrainedTokenizerBase

from tests.unit.training.test_prompt_rows import run_with
from training.config import GrpoConfig
from training.grpo import reinforce
from training.grpo.reinforce import Reinforcement, arguments
from training.options import Options
from training.rewards.desk import RewardDesk
from training.rewards.parts import Parts
from training.run import Record, StageError
from training.stages import grpo as stage

WORDS = cast(
    "PreTrainedTokenizerBase",
    SimpleNamespace(
        apply_chat_template=lambda turns, **_: turns[0]["content"],
        encode=lambda text, **_: text.split(),
    ),
)


def grpo(**changes: object) -> GrpoConfig:
    return GrpoConfig.model_validate({"steps": 5, "prompts": 4, "wrong_share": 0.75} | changes)


def fitting(lengths: list[int], tmp_path: Path) -> list[Record]:
    rows: list[Record] = [{"prompt": [{"role": "user", "content": "word " * n}]} for n in lengths]
    config = grpo(prompts=4, max_prompt_tokens=5)
    return Reinforcement(config, 1, tmp_path, tmp_path, rows, {})._fitting(WORDS)  # noqa: SLF001 - before any model


def test_too_few_prompts_that_fit_for_one_step_are_no_training_of_zero_steps(tmp_path: Path) -> None:
    with pytest.raises(StageError, match=r"3 of 6 prompts are left out: over 5 tokens, and a step needs 4"):
        fitting([1, 2, 3, 9, 9, 9], tmp_path)


def test_prompts_that_are_too_long_are_left_out_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(fitting([1, 2, 3, 5, 9], tmp_path)) == 4


@pytest.mark.parametrize(("processes", "micro"), [("3", None), ("1", 3), ("64", None)])
def test_a_step_is_never_smaller_than_the_configuration_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: str, micro: int | None
) -> None:
    monkeypatch.setenv("WORLD_SIZE", processes)

    with pytest.raises(StageError, match="32 critiques a step do not divide into 1 mini-batches on"):
        arguments(grpo(prompts=4, generations=8, micro_batch=micro), 1, tmp_path)


def test_one_process_that_sees_many_gpus_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reinforce, "arguments", lambda *_: SimpleNamespace(n_gpu=8))
    desk = RewardDesk(Parts(tmp_path, "http://127.0.0.1:9", 10, 1).opened, 1)

    with pytest.raises(StageError, match="8 GPUs and one process: start it with `accelerate launch`"):
        Reinforcement(grpo(), 1, tmp_path, tmp_path, [], {}).run(desk)


def test_many_processes_want_one_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "8")

    with pytest.raises(StageError, match="8 processes would each start a sandbox"):
        stage.run_stage(run_with(tmp_path, taught=1), Options())
