"""What a configuration is refused for before any stage begins, each with the key that is wrong."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from training.config import TrainConfig
from training.evaluate import rows

SMOKE, REAL = Path("configs/smoke.toml"), Path("configs/qwen7b-1x8.toml")


def configured(path: Path, key: str, value: object) -> TrainConfig:
    tree = tomllib.loads(path.read_text(encoding="utf-8"))
    at: dict[str, Any] = tree
    *sections, last = key.split(".")
    for name in sections:
        at = at.setdefault(name, {})
    at[last] = value
    return TrainConfig.model_validate(tree)


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("grpo.mini_batches", 3, "2 x 2 critiques do not divide into mini_batches = 3"),
        ("grpo.seeds", [1, 2, 1], "names one twice"),
        ("grpo.learning_rate", float("inf"), "finite number"),
        ("grpo.vllm", "colocated", "should match pattern"),
        ("grpo.vllm", "localhost:8000", "should match pattern"),
        ("engines.generator", {"base_url": "localhost:8001/v1", "model": "m"}, "should match pattern"),
    ],
)
def test_a_value_that_cannot_work_is_refused(key: str, value: object, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        configured(SMOKE, key, value)


@pytest.mark.parametrize("name", [rows.MAIN, "../else", ""])
def test_a_size_has_a_name_of_its_own_that_a_folder_can_have(name: str) -> None:
    size = tomllib.loads(SMOKE.read_text(encoding="utf-8"))["sizes"]["tiny"]

    with pytest.raises(ValidationError, match="sizes"):
        configured(SMOKE, "sizes", {name: size})


def test_what_is_evaluated_on_must_be_kept_out_of_training() -> None:
    one = {"source": "jsonl", "path": "data/other/part.jsonl"}

    with pytest.raises(ValidationError, match=r"evaluate\.sets\.other\.path, .* is not in tasks\.evaluation"):
        configured(REAL, "evaluate.sets.other", one)

    whole = configured(REAL, "tasks.evaluation", ["data"])
    assert len(whole.evaluate.sets) == 3
