from pathlib import Path

import pytest
from transformers import TrainerControl, TrainerState, TrainingArguments

from training.grpo.clock import Clock, united
from training.grpo.trainer import parts
from training.grpo.watch import FlatGroups
from training.rewards.desk import Work
from training.run import StageError


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
