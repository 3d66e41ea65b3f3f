"""The problems that an evaluation poses, from the sets that its configuration names."""

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.tiny_run import tiny_config
from tests.unit.training.data.set_rows import live_code_bench_row, mbpp_plus_row, write_rows
from training.config import EvaluationSet, TrainConfig
from training.config.results import TAKEN
from training.evaluate.findings import PAIRS, TEST, UNSTOPPED
from training.evaluate.posed import ELSEWHERE, elsewhere
from training.run import Record, Run, StageError


def a_run(tmp_path: Path, **sets: Record) -> Run:
    tree = tiny_config(tmp_path, tmp_path, {})
    kept_out = [one["path"] for one in sets.values()]
    tree["tasks"] = {"source": "jsonl", "path": str(tmp_path), "evaluation": kept_out}
    tree["evaluate"] = {"problems": 1, "samples": 1, "ood_problems": 2, "sets": sets}
    return Run(TrainConfig.model_validate(tree))


def test_a_window_of_contests_is_cut_out(tmp_path: Path) -> None:
    days = ("2024-07-31", "2024-08-01", "2024-10-31", "2024-11-01")
    rows = [live_code_bench_row(question_id=day, contest_date=f"{day}T00:00:00") for day in days]
    path = write_rows(tmp_path / "lcb.jsonl", rows)
    window: Record = {
        "source": "livecodebench",
        "path": str(path),
        "since": "2024-08-01",
        "until": "2024-11-01",
    }

    found = dict(elsewhere(a_run(tmp_path, lcb=window)))

    assert [problem.id for problem in found["lcb"]] == ["lcb/2024-08-01", "lcb/2024-10-31"]


def test_problems_that_come_twice_or_beyond_the_number_are_left_out(tmp_path: Path) -> None:
    rows = [mbpp_plus_row(task_id=number) for number in (1, 1, 2, 3)]
    path = write_rows(tmp_path / "mbpp.jsonl", rows)

    ((name, problems),) = elsewhere(a_run(tmp_path, mbpp={"source": "mbppplus", "path": str(path)}))

    assert (name, [problem.id for problem in problems]) == ("mbpp", ["mbpp/mbppplus-1", "mbpp/mbppplus-2"])
    assert len(problems[0].task.tests) == 1
    assert len(problems[0].judged_task.tests) == 5


def test_a_set_is_judged_by_as_many_tests_as_it_is_said_to_be(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "mbpp.jsonl", [mbpp_plus_row()])
    one: Record = {"source": "mbppplus", "path": str(path)}

    found = dict(elsewhere(a_run(tmp_path, few=one | {"tests_limit": 2}, whole=one)))

    assert [len(found[name][0].judged_task.tests) for name in ("few", "whole")] == [2, 5]


def test_a_window_without_problems_is_told(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "lcb.jsonl", [live_code_bench_row()])
    window: Record = {"source": "livecodebench", "path": str(path), "since": "2025-01-01"}

    with pytest.raises(StageError, match=r"evaluate\.sets\.lcb: .* in this window"):
        dict(elsewhere(a_run(tmp_path, lcb=window)))


def test_days_belong_to_the_set_that_tells_them() -> None:
    with pytest.raises(ValidationError, match="since and until belong to livecodebench"):
        EvaluationSet(source="taco", path=Path("x"), since=date(2024, 8, 1))


@pytest.mark.parametrize("name", sorted(TAKEN))
def test_a_set_cannot_be_called_like_a_part_of_the_evaluation(tmp_path: Path, name: str) -> None:
    sets: dict[str, Record] = {name: {"source": "taco", "path": "x"}}

    with pytest.raises(ValidationError, match=rf"evaluate\.sets\.{name}\b[\s\S]*give the set another name"):
        a_run(tmp_path, **sets)


def test_every_part_of_the_evaluation_has_its_name_to_itself() -> None:
    assert {TEST, UNSTOPPED, PAIRS, *ELSEWHERE} == TAKEN
