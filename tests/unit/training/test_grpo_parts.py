from pathlib import Path

import pytest
from transformers import TrainerControl, TrainerState, TrainingArguments

from tests.unit.training.test_run import configured
from training.config import GrpoConfig
from training.grpo.clock import Clock, united
from training.grpo.rows import drawn_drafts, prompt_rows
from training.grpo.trainer import parts
from training.grpo.watch import FlatGroups
from training.rewards.desk import Work
from training.run import Record, Run, StageError
from training.tasks.mini import Split, problems
from training.tasks.records import problem_to_json, write_jsonl


def drafts(right: int, wrong: int) -> list[Record]:
    return [{"id": f"t{n}", "code": f"x = {n}", "right": n < right} for n in range(right + wrong)]


def grpo(**changes: object) -> GrpoConfig:
    return GrpoConfig.model_validate({"steps": 5, "prompts": 4, "wrong_share": 0.75} | changes)


def test_prompts_are_wrong_drafts_in_the_share_asked_for() -> None:
    drawn = drawn_drafts(drafts(100, 100), grpo(), seed=1)

    assert len(drawn) == 20
    assert sum(not record["right"] for record in drawn) == 15


def test_scarce_drafts_keep_the_share_and_give_fewer_prompts() -> None:
    drawn = drawn_drafts(drafts(2, 100), grpo(), seed=1)

    assert len(drawn) == 8
    assert sum(bool(record["right"]) for record in drawn) == 2


def test_without_a_share_drafts_are_prompts_as_they_come() -> None:
    drawn = drawn_drafts(drafts(2, 6), grpo(wrong_share=None), seed=1)

    assert len(drawn) == 8
    assert sum(bool(record["right"]) for record in drawn) == 2
    assert len(drawn_drafts(drafts(100, 100), grpo(wrong_share=None), seed=1)) == 20


def test_equal_and_empty_drafts_are_no_prompts() -> None:
    records = [*drafts(0, 8), *drafts(0, 8), {"id": "t9", "code": " \n", "right": False}]

    assert len(drawn_drafts(records, grpo(wrong_share=1.0), seed=1)) == 8


def test_seeds_draw_differently_and_repeatably() -> None:
    first, again, other = (drawn_drafts(drafts(50, 50), grpo(), seed) for seed in (1, 1, 2))

    assert first == again != other


def run_with(tmp_path: Path, taught: int, count: int = 12) -> Run:
    run = Run(configured(tmp_path))
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


def test_a_step_is_taken_apart_and_overlap_is_what_sampling_covers() -> None:
    clock = Clock(lambda: Work(revising=[(1.0, 2.0), (1.5, 3.0)], judging=[(2.5, 4.0), (6.0, 7.0)]))
    clock.sampled(0.0, 2.0)
    clock.sampled(2.5, 3.5)
    clock.stepped(0.0, 9.0)

    figures = clock.read()

    assert figures["sample_s"] == 3.0
    assert figures["revise_s"] == 2.0
    assert figures["sandbox_s"] == 2.5
    assert figures["reward_s"] == 4.0
    assert figures["overlap"] == pytest.approx(2.0 / 4.0)
    assert figures["wait_s"] == 2.0
    assert figures["optimize_s"] == 4.0
    assert clock.read()["sample_s"] == 0.0


def test_spans_that_touch_are_one() -> None:
    assert united([(5.0, 6.0), (0.0, 2.0), (1.0, 3.0), (3.0, 4.0)]) == [(0.0, 4.0), (5.0, 6.0)]


def sizes(count: int, chunks: int, group: int) -> list[int]:
    slices = parts(count, chunks, group)
    assert [s.start for s in slices] == [0, *(s.stop for s in slices[:-1])]
    assert slices[-1].stop == count
    return [s.stop - s.start for s in slices]


def test_the_last_part_of_a_batch_is_small() -> None:
    assert sizes(128, 8, 8) == [16, 16, 16, 24, 16, 16, 16, 8]
    assert sizes(128, 4, 8) == [32, 48, 32, 16]
    assert sizes(128, 2, 8) == [96, 32]


def test_groups_stay_whole_and_few_groups_make_few_parts() -> None:
    assert sizes(16, 8, 8) == [8, 8]
    assert sizes(56, 3, 8) == [24, 24, 8]
    assert sizes(8, 4, 8) == [8]
    assert sizes(128, 1, 8) == [128]
    assert sizes(6, 4, 8) == [6]


def test_a_process_with_parts_of_groups_samples_in_one_part() -> None:
    assert sizes(20, 2, 8) == [20]
    assert sizes(12, 3, 8) == [12]


def ends(watch: FlatGroups, shares: list[float], tmp_path: Path, start: int = 0) -> bool:
    """Whether a run of four updates a step ends that goes on from step `start`."""
    args = TrainingArguments(output_dir=str(tmp_path), report_to=[], logging_steps=4)
    control = TrainerControl()
    for step, share in enumerate(shares, start + 1):
        watch.on_log(args, TrainerState(global_step=4 * step), control, {"frac_reward_zero_std": share})
    watch.on_log(args, TrainerState(), control, {"loss": 1.0})
    return control.should_training_stop


def test_a_run_with_nothing_to_learn_from_stops_with_the_reason(tmp_path: Path) -> None:
    assert not ends(FlatGroups(0.8), [0.9] * 5 + [0.7] * 5, tmp_path)
    assert not ends(FlatGroups(0.8), [1.0] * 9, tmp_path)
    with pytest.raises(StageError, match=r"90% of the groups.*grpo\.wrong_share"):
        ends(FlatGroups(0.8), [0.9] * 10, tmp_path)


def test_a_run_that_has_learnt_what_there_is_ends_and_keeps_it(tmp_path: Path) -> None:
    assert ends(FlatGroups(0.8), [0.5] * 10 + [0.9] * 10, tmp_path)
    assert not ends(FlatGroups(0.8), [0.5] * 10 + [0.9] * 7, tmp_path)


def test_a_resumed_run_that_finds_nothing_more_to_learn_ends_and_keeps_it(tmp_path: Path) -> None:
    assert ends(FlatGroups(0.8), [0.9] * 10, tmp_path, start=25)
