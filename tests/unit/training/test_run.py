import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from training.alone import alone_in
from training.cli import app
from training.config import TrainConfig, load_config
from training.run import CHUNK, Record, Run
from training.stages import DOES, STAGES
from training.stages.synthesize import balanced, is_target
from training.tasks.mini import Split, problems
from training.tasks.records import problem_to_json, read_jsonl, task_of, write_jsonl

CONFIGS = sorted(Path("configs").glob("*.toml"))
REAL = sorted(Path("configs").glob("qwen*.toml"))


def configured(tmp_path: Path) -> TrainConfig:
    return load_config(Path("configs/mini.toml")).model_copy(update={"out": tmp_path})


@pytest.mark.parametrize("path", CONFIGS, ids=str)
def test_every_shipped_configuration_is_valid(path: Path) -> None:
    assert load_config(path).name


def test_a_misspelt_key_is_named(tmp_path: Path) -> None:
    text = Path("configs/mini.toml").read_text(encoding="utf-8").replace("epochs", "epoch")
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ValidationError, match=r"sft\.epoch"):
        load_config(path)


def test_a_killed_stage_goes_on_with_the_chunk_it_was_at(tmp_path: Path) -> None:
    run = Run(configured(tmp_path))
    records: list[Record] = [{"n": n} for n in range(2 * CHUNK + 10)]
    worked: list[object] = []

    def dies_in_the_second(chunk: Sequence[Record]) -> list[Record]:
        if {"n": CHUNK + 5} in chunk:
            raise KeyboardInterrupt
        worked.extend(record["n"] for record in chunk)
        return list(chunk)

    with pytest.raises(KeyboardInterrupt):
        run.in_chunks("solve", "out.jsonl", records, dies_in_the_second)
    assert not run.file("out.jsonl").exists()

    run.in_chunks("solve", "out.jsonl", records, list)
    assert worked == list(range(CHUNK))
    assert run.records("out.jsonl") == records


def test_a_stage_that_is_forgotten_begins_anew(tmp_path: Path) -> None:
    run = Run(configured(tmp_path))
    records: list[Record] = [{"n": n} for n in range(3)]
    run.in_chunks("solve", "out.jsonl", records, list)
    run.forget("solve")

    run.in_chunks("solve", "out.jsonl", records, lambda chunk: [record | {"again": True} for record in chunk])

    assert all(record["again"] for record in run.records("out.jsonl"))


def test_a_stage_is_done_only_under_its_own_configuration(tmp_path: Path) -> None:
    config = configured(tmp_path)
    Run(config).mark_done("solve", seconds=1.0)

    assert Run(config).is_done("solve")
    assert not Run(config.model_copy(update={"seed": config.seed + 1})).is_done("solve")


def test_a_change_that_comes_after_a_stage_does_not_undo_it(tmp_path: Path) -> None:
    config = configured(tmp_path)
    Run(config).mark_done("solve", seconds=1.0)
    gentler = config.sft.model_copy(update={"learning_rate": 1e-6})

    assert Run(config.model_copy(update={"sft": gentler})).is_done("solve")


def test_another_configuration_never_goes_on_from_half_a_stage(tmp_path: Path) -> None:
    config = configured(tmp_path)
    more = config.solve.model_copy(update={"drafts": 9})

    assert Run(config).unfinished("solve") != Run(config.model_copy(update={"solve": more})).unfinished(
        "solve"
    )


def test_a_half_written_file_is_never_seen(tmp_path: Path) -> None:
    def breaks() -> Sequence[Record]:
        raise OSError("disk full")

    path = tmp_path / "records.jsonl"
    with pytest.raises(OSError, match="disk full"):
        write_jsonl(path, (record for record in breaks()))

    assert not path.exists()


def test_a_problem_survives_the_way_through_json(tmp_path: Path) -> None:
    drawn = list(problems(Split.TEST, 4, 20))
    write_jsonl(tmp_path / "tasks.jsonl", map(problem_to_json, drawn))

    for problem, record in zip(drawn, read_jsonl(tmp_path / "tasks.jsonl"), strict=True):
        assert task_of(record, hidden=True) == problem.judged_task
        assert task_of(record, hidden=False).problem == problem.task.problem


def test_right_and_wrong_drafts_are_balanced_one_a_problem(tmp_path: Path) -> None:
    config = configured(tmp_path).synthesize
    records: list[Record] = [{"id": n // 2, "right": n % 10 < 8} for n in range(400)]

    chosen = balanced(records, config, seed=1)

    assert len({record["id"] for record in chosen}) == len(chosen)
    assert sum(bool(record["right"]) for record in chosen) * 2 == pytest.approx(len(chosen), abs=2)


def test_without_a_share_right_and_wrong_drafts_are_learnt_as_they_come(tmp_path: Path) -> None:
    config = configured(tmp_path).synthesize.model_copy(update={"right_share": None})
    records: list[Record] = [{"id": n, "right": n % 10 < 8} for n in range(100)]

    chosen = balanced(records, config, seed=1)

    assert sum(bool(record["right"]) for record in chosen) == 80
    assert {record["id"] for record in chosen} == set(range(100))


@pytest.mark.parametrize("path", REAL, ids=str)
def test_real_runs_choose_among_drafts_no_more_than_the_paper_does(path: Path) -> None:
    config = load_config(path)

    assert config.synthesize.right_share is None
    assert config.grpo.wrong_share is None
    assert config.grpo.least_leverage == 0
    assert config.tasks.tokenizer is not None


def test_a_critique_that_mentions_its_hint_is_no_target() -> None:
    critique = (
        "Analysis:\nAs the hint says, {}.\n\nImprovement suggestions:\nNone.\n\nOverall judgment: Correct"
    )

    assert not is_target(critique, right=True)
    assert is_target(critique.replace("As the hint says", "As asked"), right=True)
    assert not is_target("Overall judgment: Correct", right=True)


def test_a_critique_that_the_tests_contradict_is_no_target() -> None:
    critique = "Analysis:\nFine.\n\nImprovement suggestions:\nNone.\n\nOverall judgment: Correct"

    assert is_target(critique, right=True)
    assert not is_target(critique, right=False)


def test_a_stage_without_what_it_needs_says_what_to_run(tmp_path: Path) -> None:
    text = Path("configs/smoke.toml").read_text(encoding="utf-8").replace("runs/smoke", str(tmp_path))
    (tmp_path / "smoke.toml").write_text(text, encoding="utf-8")

    run = CliRunner().invoke(app, ["hints", str(tmp_path / "smoke.toml")])

    assert run.exit_code == 1
    assert "tasks.jsonl is missing: run the stages before this one" in run.stderr


def test_a_configuration_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("seed = = 1", encoding="utf-8")

    run = CliRunner().invoke(app, ["run", str(tmp_path / "bad.toml")])

    assert run.exit_code == 2
    assert "bad.toml: not TOML" in run.stderr


def test_a_configuration_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")

    run = CliRunner().invoke(app, ["run", str(tmp_path / "bad.toml")])

    assert run.exit_code == 2
    assert "bad.toml: not TOML" in run.stderr


def test_a_folder_that_cannot_be_written_to_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    text = Path("configs/smoke.toml").read_text(encoding="utf-8").replace("runs", str(tmp_path / "taken"))
    (tmp_path / "smoke.toml").write_text(text, encoding="utf-8")

    run = CliRunner().invoke(app, ["tasks", str(tmp_path / "smoke.toml")])

    assert (run.exit_code, run.exception.__class__) == (1, SystemExit)
    assert run.stderr.strip().splitlines()[-1].startswith("tasks: [Errno 20] Not a directory")


def test_two_commands_in_one_folder_are_one_too_many(tmp_path: Path) -> None:
    text = Path("configs/smoke.toml").read_text(encoding="utf-8").replace("runs/smoke", str(tmp_path))
    (tmp_path / "smoke.toml").write_text(text, encoding="utf-8")

    with alone_in(tmp_path):
        second = CliRunner().invoke(app, ["tasks", str(tmp_path / "smoke.toml")])
    third = CliRunner().invoke(app, ["tasks", str(tmp_path / "smoke.toml")])

    assert "tasks: another ctrl-train is at work in" in second.stderr
    assert (second.exit_code, third.exit_code) == (1, 0)


def test_a_sandbox_without_a_scheme_is_refused_before_any_stage() -> None:
    run = CliRunner().invoke(app, ["run", "configs/smoke.toml", "--sandbox", "localhost:8080"])

    assert run.exit_code == 2
    assert "localhost:8080 begins with neither http:// nor" in " ".join(run.stderr.replace("│", " ").split())


def test_help_says_what_each_stage_does() -> None:
    shown = " ".join(CliRunner().invoke(app, ["--help"]).output.replace("│", " ").split())

    assert set(DOES) == set(STAGES)
    assert all(" ".join(told.split()[:3]) in shown for told in DOES.values())
    assert "on the hardware of the configuration" in shown


def test_a_finished_stage_forgets_its_clock(tmp_path: Path) -> None:
    run = Run(configured(tmp_path))
    run.clock("solve").write_text("12.0", encoding="utf-8")

    run.mark_done("solve", seconds=15.04)

    assert not run.clock("solve").exists()
    assert json.loads(run.file("solve.done.json").read_text(encoding="utf-8"))["seconds"] == 15.0


def test_the_clock_of_another_configuration_is_another() -> None:
    config = load_config(Path("configs/mini.toml"))

    assert Run(config).clock("solve") != Run(config.model_copy(update={"seed": 99})).clock("solve")
