"""The two ways a run starts."""

import hashlib
import json
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from tests.tiny_run import write_toml
from training.cli import app
from training.config import TrainConfig, load_config
from training.run import Run, StageError

SCRATCH, REAL = Path("configs/smoke.toml"), Path("configs/qwen7b-1x8.toml")


def tree(path: Path, **changes: object) -> dict[str, object]:
    return tomllib.loads(path.read_text(encoding="utf-8")) | changes


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        (tree(SCRATCH, base="Qwen/Qwen2.5-Coder-7B"), "a run starts in one of two ways"),
        ({k: v for k, v in tree(SCRATCH).items() if k != "pretrain"}, "a run starts in one of two ways"),
        ({k: v for k, v in tree(REAL).items() if k != "base"}, "a run starts in one of two ways"),
        (tree(SCRATCH, revision="main"), "`revision` belongs to `base`"),
        (tree(REAL, sizes=tree(SCRATCH)["sizes"]), r"\[sizes\] are base models made from nothing"),
    ],
)
def test_a_run_starts_in_exactly_one_way(config: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        TrainConfig.model_validate(config)


def test_the_base_is_what_the_configuration_names(tmp_path: Path) -> None:
    run = Run(TrainConfig.model_validate(tree(REAL, revision="abc", out=str(tmp_path))))

    assert (run.base().name, run.base().revision) == ("Qwen/Qwen2.5-Coder-7B-Instruct", "abc")
    assert not run.base().is_local


def test_the_base_of_a_run_from_nothing_is_its_own(tmp_path: Path) -> None:
    run = Run(TrainConfig.model_validate(tree(SCRATCH, out=str(tmp_path))))
    with pytest.raises(StageError, match="base is missing: run the stages before this one"):
        run.base()

    run.file("base").mkdir()
    assert Path(run.base().name) == tmp_path / "base"


@pytest.mark.parametrize("name", ["weights", "./nowhere/model", "/nowhere/model", "no such model"])
def test_a_base_that_is_nowhere_is_named(name: str, tmp_path: Path) -> None:
    run = Run(TrainConfig.model_validate(tree(REAL, base=name, out=str(tmp_path))))

    with pytest.raises(
        StageError, match=f"base: {name} is no folder with a config.json, nor a model of the hub"
    ):
        run.base()


def test_the_stage_of_the_base_is_done_at_once_for_real_weights(tmp_path: Path) -> None:
    path = write_toml(tree(REAL, out=str(tmp_path / "run")), tmp_path / "real.toml")

    shown = CliRunner().invoke(app, ["base", str(path)])

    assert shown.exit_code == 0
    assert "nothing to do: the run starts from Qwen/Qwen2.5-Coder-7B-Instruct" in shown.stderr
    assert Run(load_config(path)).is_done("base")


def test_another_base_undoes_every_stage(tmp_path: Path) -> None:
    first = Run(TrainConfig.model_validate(tree(REAL, out=str(tmp_path))))
    other = Run(TrainConfig.model_validate(tree(REAL, out=str(tmp_path), revision="later")))

    assert first.config_sha256("base") != other.config_sha256("base")
    assert first.config_sha256("sft") != other.config_sha256("sft")


def test_the_base_of_the_mini_world_outlives_keys_that_it_does_not_set() -> None:
    """A base model takes most of an hour, so a key added for real weights must not undo one."""
    config = load_config(Path("configs/mini.toml"))

    made_from = config.model_dump(mode="json", include={"seed", "model", "pretrain"})
    known = hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()
    assert Run(config).config_sha256("base") == known


def test_a_whole_run_that_nobody_would_revise_for_does_not_begin(tmp_path: Path) -> None:
    config = write_toml(
        {k: v for k, v in tree(REAL, out=str(tmp_path / "run")).items() if k != "engines"},
        tmp_path / "run.toml",
    )

    result = CliRunner().invoke(app, ["run", str(config)])

    assert result.exit_code == 1
    assert "grpo: engines.generator is missing: serve the frozen generator" in result.output
    assert not (tmp_path / "run").exists()


def test_models_of_the_mini_world_revise_in_the_process_that_trains() -> None:
    load_config(Path("configs/quick.toml")).require_reviser()
