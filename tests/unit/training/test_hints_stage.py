"""Which of several failed tests a hint tells of."""

from pathlib import Path

import pytest

from tests.recording_sandbox import recording_sandbox
from tests.tiny_run import tiny_config
from training.config import TrainConfig
from training.options import Options
from training.run import Record, Run, StageError
from training.stages import hints
from training.tasks.records import write_jsonl

SHORT, LONG = "1", "1 2 3"
DRAFTS = 40


def hinted(folder: Path, tasks: Record) -> list[str]:
    tree = tiny_config(folder, folder, {}) | {"tasks": tasks}
    run = Run(TrainConfig.model_validate(tree))
    tests = [{"stdin": text, "stdout": text} for text in (LONG, SHORT)]
    write_jsonl(run.file("tasks.jsonl"), [{"id": "echo", "problem": "Echo.", "tests": tests}])
    drafts: list[Record] = [{"id": "echo", "draft": n, "code": f"print({n})"} for n in range(DRAFTS)]
    write_jsonl(run.file("drafts.jsonl"), drafts)
    with recording_sandbox() as sandbox:
        sandbox.outcome = "wrong_answer"
        hints.run_stage(run, Options(sandbox.url))
    return [str(record["hint"]) for record in run.records("hints.jsonl")]


def test_a_hint_on_a_real_problem_tells_of_any_failed_test_and_of_the_same_after_a_restart(
    tmp_path: Path,
) -> None:
    real: Record = {"source": "jsonl", "path": str(tmp_path)}

    first, again = (hinted(tmp_path / name, real) for name in ("first", "again"))

    assert first == again
    short = sum(f"Input: {SHORT}\n" in text for text in first)
    assert 0 < short < DRAFTS
    assert short + sum(f"Input: {LONG}\n" in text for text in first) == DRAFTS


def drafted(folder: Path, count: int) -> Run:
    """A run with one draft of each problem; problem n reads n."""
    run = Run(TrainConfig.model_validate(tiny_config(folder, folder, {})))
    names = [f"t{n}" for n in range(count)]
    tests = [[{"stdin": name, "stdout": name}] for name in names]
    pairs = zip(names, tests, strict=True)
    tasks: list[Record] = [{"id": name, "problem": "Echo.", "tests": own} for name, own in pairs]
    write_jsonl(run.file("tasks.jsonl"), tasks)
    write_jsonl(run.file("drafts.jsonl"), [{"id": name, "draft": 0, "code": "pass"} for name in names])
    return run


def test_a_problem_whose_tests_can_judge_no_program_is_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = drafted(tmp_path, 3)

    with recording_sandbox() as sandbox:
        sandbox.unfit = "t1"
        hints.run_stage(run, Options(sandbox.url))

    assert [record["id"] for record in run.records("hints.jsonl")] == ["t0", "t2"]
    told = "1 of 3 drafts are left out, as tests of 1 problems cannot be run, such as those of t1: tests.0: "
    assert told in capsys.readouterr().err


def test_tests_that_can_judge_nothing_at_all_end_the_stage(tmp_path: Path) -> None:
    run = drafted(tmp_path, 1)

    with recording_sandbox() as sandbox:
        sandbox.unfit = "t0"
        with pytest.raises(StageError, match="1 of 1 drafts are left out"):
            hints.run_stage(run, Options(sandbox.url))


def test_a_hint_in_the_mini_world_tells_of_the_shortest(tmp_path: Path) -> None:
    assert all(f"Input: {SHORT}\n" in text for text in hinted(tmp_path, {"source": "mini"}))
