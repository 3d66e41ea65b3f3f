"""Screening from the shipped weights: real critic, real frozen generator, real sandbox."""

# ruff: noqa: PLC0415 - torch is slow to load: each test imports what it needs
from pathlib import Path

import pytest

from tests.reinforced_run import run_at
from training.config import ScreenConfig
from training.options import Options
from training.run import Run, StageError

pytestmark = [pytest.mark.training, pytest.mark.timeout(600)]


def run_with(tmp_path: Path, **changes: object) -> Run:
    run = run_at(tmp_path / "run")
    config = ScreenConfig.model_validate(
        {"critiques": 2, "max_tokens": 96, "max_revision_tokens": 96} | changes
    )
    return Run(run.config.model_copy(update={"screen": config}))


def test_every_draft_tried_has_the_rewards_of_its_critiques(tmp_path: Path) -> None:
    from training.stages import screen

    run = run_with(tmp_path, temperature=1.5)

    screen.run_stage(run, Options())

    lines = run.records("screened.jsonl")
    taught = {record["id"] for record in run.records("critiques.jsonl")}
    assert {line["id"] for line in lines} == {r["id"] for r in run.records("hints.jsonl")} - taught
    rewards = [line["rewards"] for line in lines]
    assert all(isinstance(earned, list) and len(earned) == 2 for earned in rewards)
    assert [True, True] in rewards


def test_nothing_to_learn_from_is_said_with_the_remedy(tmp_path: Path) -> None:
    """Critiques of one token have no form and earn nothing."""
    from training.stages import screen

    run = run_with(tmp_path, max_tokens=1, drafts=4)

    with pytest.raises(
        StageError, match=r"0 of 4 drafts are kept.*raise screen\.critiques or screen\.drafts"
    ):
        screen.run_stage(run, Options())


def test_without_a_section_there_is_nothing_to_do(tmp_path: Path) -> None:
    from training.stages import screen

    run = run_at(tmp_path / "run")

    screen.run_stage(run, Options())

    assert not run.file("screened.jsonl").exists()
