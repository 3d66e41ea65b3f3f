"""Whose figures a manifest tells."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from service.domain.critique import Judgment
from service.domain.estimate import Estimate
from tests.unit.training.test_claims import COUNT, findings, first, trial
from tests.unit.training.test_run import configured
from training.evaluate import rows
from training.evaluate.findings import Findings
from training.evaluate.gates import Gate
from training.run import Run
from training.stages import STAGES
from training.stages.evaluate import note_metrics
from training.weights.manifest import write_manifest


def found() -> Findings:
    told = replace(trial(first(20), first(40)), judged=(Judgment.CORRECT,) * COUNT, strict=(True,) * COUNT)
    return findings({rows.CTRL_GREEDY: told})


def exported(tmp_path: Path) -> Run:
    run = Run(configured(tmp_path / "run"))
    for stage in STAGES:
        run.mark_done(stage, 1.0)
    (tmp_path / "weights/critic").mkdir(parents=True)
    write_manifest(tmp_path / "weights/critic", "critic", {"schema": 1, "metrics": {}})
    return run


def noted(tmp_path: Path) -> Any:
    return json.loads((tmp_path / "weights/critic/critic.json").read_text(encoding="utf-8"))["metrics"]


def test_without_gates_the_manifest_has_the_figures_of_the_critic(tmp_path: Path) -> None:
    note_metrics(exported(tmp_path), tmp_path / "weights", found())

    assert noted(tmp_path)["lift over keeping the draft, three rounds"]["value"] == 0.4
    assert noted(tmp_path)["critiques parsed strictly"]["samples"] == COUNT


def test_gates_are_noted_where_there_are_any(tmp_path: Path) -> None:
    gate = Gate("a gate", Estimate(0.5, 0.1, 10))

    note_metrics(exported(tmp_path), tmp_path / "weights", replace(found(), gates=(gate,)))

    assert set(noted(tmp_path)) == {"a gate"}


def test_a_critic_exported_before_the_last_training_keeps_its_own_figures(tmp_path: Path) -> None:
    run = exported(tmp_path)
    run.mark_done("grpo", 1.0)

    note_metrics(run, tmp_path / "weights", found())

    assert noted(tmp_path) == {}
