from pathlib import Path

import pytest

from tests.unit.training.test_run import configured
from training.config import ScreenConfig
from training.grpo.rows import Standing, drawn_drafts, prompt_rows, standing
from training.run import Record, Run, StageError
from training.tasks.mini import Split, problems
from training.tasks.records import problem_to_json, write_jsonl


def drafts(right: int, wrong: int) -> list[Record]:
    return [{"id": f"t{n}", "code": f"x = {n}", "right": n < right} for n in range(right + wrong)]


def test_prompts_are_wrong_drafts_in_the_share_asked_for() -> None:
    drawn = drawn_drafts(drafts(100, 100), 20, 0.75, "1")

    assert len(drawn) == 20
    assert sum(not record["right"] for record in drawn) == 15


def test_scarce_drafts_keep_the_share_and_give_fewer_prompts() -> None:
    drawn = drawn_drafts(drafts(2, 100), 20, 0.75, "1")

    assert len(drawn) == 8
    assert sum(bool(record["right"]) for record in drawn) == 2


def test_without_a_share_drafts_are_prompts_as_they_come() -> None:
    drawn = drawn_drafts(drafts(2, 6), 20, None, "1")

    assert len(drawn) == 8
    assert sum(bool(record["right"]) for record in drawn) == 2
    assert len(drawn_drafts(drafts(100, 100), 20, None, "1")) == 20


def test_equal_and_empty_drafts_are_no_prompts() -> None:
    records = [*drafts(0, 8), *drafts(0, 8), {"id": "t9", "code": " \n", "right": False}]

    assert len(drawn_drafts(records, 20, 1.0, "1")) == 8


def test_seeds_draw_differently_and_repeatably() -> None:
    first, again, other = (drawn_drafts(drafts(50, 50), 20, 0.75, seed) for seed in ("1", "1", "2"))

    assert first == again != other


def run_with(tmp_path: Path, taught: int, count: int = 12, screen: ScreenConfig | None = None) -> Run:
    run = Run(configured(tmp_path).model_copy(update={"screen": screen}))
    tasks = [problem_to_json(problem) for problem in problems(Split.TRAIN, 1, count)]
    hints: list[Record] = [
        {"id": task["id"], "code": f"x = {n}", "right": n % 4 == 0} for n, task in enumerate(tasks)
    ]
    write_jsonl(run.file("tasks.jsonl"), tasks)
    write_jsonl(run.file("hints.jsonl"), hints)
    write_jsonl(run.file("critiques.jsonl"), hints[:taught])
    return run


def test_problems_of_stage_one_are_not_prompts_of_stage_two(tmp_path: Path) -> None:
    run = run_with(tmp_path, taught=6, count=60)
    taught = {record["id"] for record in run.records("critiques.jsonl")}

    rows = prompt_rows(run, seed=1)

    assert rows
    assert taught.isdisjoint(row["task_id"] for row in rows)


def test_too_few_drafts_for_a_step_are_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(StageError, match=r"a step needs 16: raise solve\.problems"):
        prompt_rows(run_with(tmp_path, taught=6), seed=1)


@pytest.mark.parametrize(
    ("rewards", "expected"),
    [
        ([False, False], Standing.NEVER),
        ([True, False, False], Standing.MIXED),
        ([True, True], Standing.ALWAYS),
        ([], Standing.NEVER),
    ],
)
def test_a_draft_stands_by_what_its_critiques_earned(rewards: list[bool], expected: Standing) -> None:
    assert standing({"rewards": rewards}) is expected


def screened(run: Run, rewards: list[list[bool]]) -> None:
    hints = run.records("hints.jsonl")
    lines = [hint | {"rewards": rewards[n % len(rewards)]} for n, hint in enumerate(hints)]
    write_jsonl(run.file("screened.jsonl"), lines)


def test_stage_two_learns_on_what_screening_left_mixed(tmp_path: Path) -> None:
    run = run_with(tmp_path, taught=0, count=96, screen=ScreenConfig())
    screened(run, [[False, False], [True, False], [True, True]])
    mixed = {record["id"] for record in run.records("screened.jsonl")[1::3]}

    rows = prompt_rows(run, seed=1)

    assert len(rows) > run.config.grpo.prompts
    assert mixed.issuperset(row["task_id"] for row in rows)


def test_too_few_mixed_drafts_are_told_with_the_remedy(tmp_path: Path) -> None:
    run = run_with(tmp_path, taught=0, count=96, screen=ScreenConfig())
    screened(run, [[False, False]])

    with pytest.raises(StageError, match=r"0 drafts are left .* raise screen\.drafts or screen\.critiques"):
        prompt_rows(run, seed=1)


def test_drafts_to_screen_may_be_all_or_some() -> None:
    assert len(drawn_drafts(drafts(30, 70), None, None, "1")) == 100
    assert len(drawn_drafts(drafts(30, 70), None, 0.5, "1")) == 60
    assert len(drawn_drafts(drafts(30, 70), 50, 0.7, "1")) == 50
