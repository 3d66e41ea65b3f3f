"""When what a stage has left counts no longer."""

import json
from pathlib import Path

from typer.testing import CliRunner

from tests.tiny_run import tiny_config, write_toml
from training.cli import app
from training.config import ScreenConfig, TrainConfig
from training.run import Run
from training.stages import READS, STAGES

ENDPOINT = {"base_url": "http://127.0.0.1:9/v1", "model": "first"}


def a_run(tmp_path: Path, **changes: object) -> Run:
    tree = tiny_config(tmp_path, tmp_path, {}) | {"engines": {"generator": ENDPOINT | changes}}
    return Run(TrainConfig.model_validate(tree))


def finished(tmp_path: Path) -> Run:
    run = a_run(tmp_path)
    for stage in STAGES:
        run.mark_done(stage, seconds=1.0)
    assert all(map(run.is_done, STAGES))
    return run


def test_a_stage_that_ran_again_undoes_what_was_made_of_it(tmp_path: Path) -> None:
    run = finished(tmp_path)

    run.mark_done("solve", seconds=1.0)

    assert [stage for stage in STAGES if run.is_done(stage)] == ["base", "tasks", "solve"]
    assert run.outdated("hints") == "solve has run again since, or was undone"
    assert run.outdated("synthesize") == "hints has to run again"


def test_a_stage_is_done_again_once_it_has_read_what_is_there_now(tmp_path: Path) -> None:
    run = finished(tmp_path)
    run.mark_done("solve", seconds=1.0)

    run.mark_done("hints", seconds=1.0)

    assert run.is_done("hints")
    assert not run.is_done("synthesize")


def test_half_a_stage_is_not_gone_on_from_after_what_it_read_has_changed(tmp_path: Path) -> None:
    run = finished(tmp_path)
    before = run.unfinished("hints")

    run.mark_done("solve", seconds=1.0)

    assert run.unfinished("hints") != before
    assert run.unfinished("solve").name.startswith("solve.")


def test_a_stage_alone_says_that_what_it_reads_counts_no_longer(tmp_path: Path) -> None:
    run = finished(tmp_path)
    run.mark_done("solve", seconds=1.0)
    config = write_toml(
        tiny_config(tmp_path, tmp_path, {}) | {"engines": {"generator": ENDPOINT}}, tmp_path / "a.toml"
    )

    result = CliRunner().invoke(app, ["synthesize", str(config)])

    said = " ".join(result.stderr.split())
    assert "hints: done before, but solve has run again since, or was undone" in said
    assert "synthesize will not count before hints has run" in said
    assert run.stale("hints") == {}


def test_a_stage_begun_again_and_killed_is_not_done(tmp_path: Path) -> None:
    run = finished(tmp_path)

    run.undo("solve")

    assert not run.is_done("solve")
    assert not run.is_done("hints")


def test_another_model_behind_the_engine_undoes_what_it_wrote_and_another_address_nothing(
    tmp_path: Path,
) -> None:
    finished(tmp_path)

    assert a_run(tmp_path, base_url="http://127.0.0.1:10/v1").is_done("report")
    other = a_run(tmp_path, model="second")
    assert not any(map(other.is_done, ("solve", "hints", "synthesize", "sft", "grpo", "evaluate", "report")))


def test_markers_older_than_marks_count_until_a_stage_runs_again(tmp_path: Path) -> None:
    run = finished(tmp_path)
    for stage in STAGES:
        path = run.file(f"{stage}.done.json")
        older = json.loads(path.read_text(encoding="utf-8"))
        del older["reads"], older["mark"]
        path.write_text(json.dumps(older), encoding="utf-8")
    assert all(map(run.is_done, STAGES))

    run.mark_done("sft", seconds=1.0)

    assert run.is_done("synthesize")
    assert not any(map(run.is_done, ("grpo", "export", "evaluate", "report")))


def test_a_stage_with_nothing_to_do_undoes_nothing(tmp_path: Path) -> None:
    """Runs from before there was screening would have to reinforce again."""
    run = finished(tmp_path)
    run.undo("screen")
    assert run.is_done("report")

    run.mark_done("screen", seconds=1.0)

    assert run.is_done("report")


def test_another_screening_undoes_reinforcement(tmp_path: Path) -> None:
    run = finished(tmp_path)
    screened = Run(run.config.model_copy(update={"screen": ScreenConfig()}))
    for stage in STAGES:
        screened.mark_done(stage, seconds=1.0)

    screened.mark_done("screen", seconds=1.0)

    assert screened.is_done("sft")
    assert not any(map(screened.is_done, ("grpo", "export", "evaluate", "report")))


def test_every_stage_reads_only_what_comes_before_it() -> None:
    order = list(STAGES)

    assert list(READS) == order
    assert all(order.index(read) < order.index(stage) for stage, reads in READS.items() for read in reads)


def test_a_person_is_told_why_a_stage_runs_again(tmp_path: Path) -> None:
    tree = tiny_config(tmp_path, tmp_path, {})
    run = Run(TrainConfig.model_validate(tree))
    for stage in ("base", "tasks", "solve", "hints"):
        run.mark_done(stage, seconds=1.0)
    config = write_toml(tree, tmp_path / "run.toml")

    CliRunner().invoke(app, ["tasks", str(config), "--again"])
    shown = CliRunner().invoke(app, ["hints", str(config)])

    assert "hints: done before, but tasks has run again since" in shown.stderr
    assert "drafts.jsonl is missing" in shown.stderr
