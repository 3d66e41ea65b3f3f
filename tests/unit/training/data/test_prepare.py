import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from tests.unit.training.data.set_rows import STATEMENT, code_contests_row, taco_row, write_rows
from training.cli import app
from training.config import SolveConfig, TasksConfig, load_config
from training.data.prepare import prepare
from training.data.rows import Row
from training.data.splits import split_of
from training.data.taco import taco_task
from training.run import Run, StageError
from training.tasks.mini import Split
from training.tasks.records import read_jsonl, task_of


def run_on(
    tmp_path: Path, rows: list[dict[str, object]], limit: int = 1000, shares: float = 0, **tasks: object
) -> Run:
    path = write_rows(tmp_path / "rows.jsonl", rows)
    config = load_config(Path("configs/smoke.toml"))
    tasks = {"source": "taco", "path": path, "validation_share": shares, "test_share": shares} | tasks
    updates = {
        "out": tmp_path / "out",
        "tasks": TasksConfig.model_validate(tasks),
        "solve": config.solve.model_copy(update={"problems": limit}),
    }
    return Run(config.model_copy(update=updates))


def numbered(count: int) -> list[dict[str, object]]:
    """Rows whose statements have no run of words in common."""
    statements = (" ".join(f"word{number}x{n}" for n in range(80)) for number in range(count))
    return [taco_row(question=statement) for statement in statements]


def report_of(run: Run) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(run.file("tasks.report.json").read_text(encoding="utf-8"))
    return report


def ids(run: Run, name: str) -> list[object]:
    return [record["id"] for record in read_jsonl(run.file(name))]


def test_kept_problems_are_records_that_the_other_stages_read(tmp_path: Path) -> None:
    run = run_on(tmp_path, [taco_row()])

    prepare(run)

    (record,) = run.records("tasks.jsonl")
    assert task_of(record, hidden=False).problem == STATEMENT.strip()
    assert len(task_of(record, hidden=True).tests) == 4
    assert (record["source"], record["difficulty"], record["time_limit_s"]) == ("taco", "medium_hard", 2.0)
    assert not list(run.out.glob("**/kept.jsonl"))


def test_every_problem_is_in_one_split_that_its_id_alone_decides(tmp_path: Path) -> None:
    run = run_on(tmp_path, numbered(60), shares=0.2)
    prepare(run)
    splits = {
        Split.TRAIN: ids(run, "tasks.jsonl"),
        Split.VALIDATION: ids(run, "tasks.validation.jsonl"),
        Split.TEST: ids(run, "tasks.test.jsonl"),
    }

    assert sum(map(len, splits.values())) == 60
    assert all(splits.values())
    for split, members in splits.items():
        assert all(split_of(str(member), run.config.tasks) is split for member in members)


def test_a_copy_of_a_problem_of_the_test_split_is_not_trained_on(tmp_path: Path) -> None:
    copies = [row | {"question": f"Once more: {row['question']}"} for row in numbered(60)]
    run = run_on(tmp_path, [*numbered(60), *copies], shares=0.2)

    prepare(run)

    def numbers(name: str) -> set[str]:
        return {str(record["problem"]).split("word")[1].split("x")[0] for record in run.records(name)}

    test, training = numbers("tasks.test.jsonl"), numbers("tasks.jsonl")
    assert test
    assert training
    assert not test & (training | numbers("tasks.validation.jsonl"))
    report = report_of(run)
    contaminated = report["contaminated"]
    assert len(contaminated) == report["read"] - report["kept"] == 120 - sum(report["written"].values())
    assert all(found["evaluation"].startswith("tasks.test.jsonl: taco-") for found in contaminated)
    assert report["tests"] == 4 * report["kept"]


def test_the_order_of_the_rows_changes_nothing(tmp_path: Path) -> None:
    forth = run_on(tmp_path, numbered(30), limit=10)
    prepare(forth)
    first = ids(forth, "tasks.jsonl")
    back = run_on(tmp_path, numbered(30)[::-1], limit=10)
    prepare(back)

    assert ids(back, "tasks.jsonl") == first
    assert len(first) == 10
    assert report_of(back)["beyond_solve_problems"] == 20


def test_another_seed_takes_other_problems_of_the_same_split(tmp_path: Path) -> None:
    run = run_on(tmp_path, numbered(40), limit=5, shares=0.2)
    prepare(run)
    other = Run(run.config.model_copy(update={"seed": 99, "out": tmp_path / "other"}))
    prepare(other)

    assert ids(run, "tasks.jsonl") != ids(other, "tasks.jsonl")
    assert set(ids(run, "tasks.test.jsonl")) == set(ids(other, "tasks.test.jsonl"))


def test_the_report_says_what_was_dropped_and_why(tmp_path: Path) -> None:
    evaluation = write_rows(
        tmp_path / "bench.jsonl", [{"task_id": "b/7", "problem": " ", "prompt": numbered(2)[1]["question"]}]
    )
    rows = [
        *numbered(2)[1:],
        taco_row(question="A garden. " + "Flowers grow in it, many and of all colours, row by row. " * 8),
        taco_row(question="Too short."),
        taco_row(input_output=json.dumps({"inputs": [["3"], "[]"], "outputs": ["1", "2"]})),
        taco_row(question=STATEMENT + " <image>"),
    ]
    run = run_on(tmp_path, rows, evaluation=[evaluation])

    prepare(run)

    report = report_of(run)
    assert report["dropped"] == {
        "overlaps with an evaluation set": 1,
        "too short": 1,
        "no usable test": 1,
        "refers to an image": 1,
    }
    assert (report["read"], report["kept"], report["evaluation_problems"]) == (5, 1, 1)
    assert report["unusable_tests"] == {"stdin is no text": 1, 'stdin has "[]"': 1}
    assert report["written"] == {"tasks.test.jsonl": 0, "tasks.validation.jsonl": 0, "tasks.jsonl": 1}
    assert report["contaminated"] == [
        {
            "place": f"{tmp_path / 'rows.jsonl'}, line 1",
            "id": taco_task(Row("", rows[0])).id,
            "evaluation": "bench.jsonl: b/7",
            "overlap": 1.0,
        }
    ]


def test_nothing_left_is_an_error_that_says_why_and_leaves_no_tasks(tmp_path: Path) -> None:
    run = run_on(tmp_path, [taco_row(question="Too short."), taco_row(question="Too short.")])

    with pytest.raises(
        StageError, match=r"of 2 problems read, 0 are kept \(2 too short\); see .*report.json"
    ):
        prepare(run)

    assert not run.file("tasks.jsonl").exists()
    assert report_of(run)["dropped"] == {"too short": 2}


def test_a_line_that_is_no_json_leaves_nothing_behind(tmp_path: Path) -> None:
    run = run_on(tmp_path, [taco_row()])
    with (tmp_path / "rows.jsonl").open("a", encoding="utf-8") as file:
        file.write("{\n")

    with pytest.raises(StageError, match=r"rows.jsonl, line 2: not JSON"):
        prepare(run)

    assert not [path for path in run.out.glob("**/*") if path.is_file()]


def test_an_evaluation_set_without_statements_is_named(tmp_path: Path) -> None:
    evaluation = write_rows(tmp_path / "bench.jsonl", [{"title": "Lamps"}])

    with pytest.raises(StageError, match=r"bench.jsonl, line 1: no statement: .* problem, question"):
        prepare(run_on(tmp_path, [taco_row()], evaluation=[evaluation]))


def test_half_of_a_surrogate_pair_does_not_stop_the_stage(tmp_path: Path) -> None:
    run = run_on(tmp_path, [taco_row(question=STATEMENT + "\ud83d")])

    prepare(run)

    assert len(run.records("tasks.jsonl")) == 1


@pytest.mark.parametrize(
    ("tasks", "complaint"),
    [
        ({"source": "taco"}, "source taco needs path"),
        ({"path": "rows.jsonl"}, "source mini makes its problems"),
        ({"evaluation": ["bench.jsonl"]}, "source mini makes its problems"),
        ({"more_than_tokens": 100, "fewer_than_tokens": 100}, "no length is above more_than_tokens"),
        ({"validation_share": 0.5, "test_share": 0.5}, "leave nothing to train on"),
        ({"source": "apps"}, "code_contests"),
        ({"ngrams": 8}, "Extra inputs are not permitted"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(tasks: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        TasksConfig.model_validate(tasks)


def test_other_data_make_the_stage_and_those_after_it_undone_but_not_the_base(tmp_path: Path) -> None:
    run = run_on(tmp_path, [])
    fewer = run.config.tasks.model_copy(update={"fewer_than_tokens": 1024})
    other = Run(run.config.model_copy(update={"tasks": fewer}))

    assert run.config_sha256("base") == other.config_sha256("base")
    assert all(run.config_sha256(stage) != other.config_sha256(stage) for stage in ("tasks", "solve", "sft"))


def test_the_command_prints_the_table_and_leaves_the_files(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", [code_contests_row(), code_contests_row(description="Short.")])
    text = Path("configs/smoke.toml").read_text(encoding="utf-8").replace("runs/smoke", str(tmp_path / "out"))
    config = tmp_path / "run.toml"
    config.write_text(
        f'{text}\n[tasks]\nsource = "code_contests"\npath = "{path}"\nvalidation_share = 0\ntest_share = 0\n',
        encoding="utf-8",
    )

    ended = CliRunner().invoke(app, ["tasks", str(config)])

    assert ended.exit_code == 0, ended.output
    assert "too short" in ended.stderr
    (record,) = read_jsonl(tmp_path / "out" / "tasks.jsonl")
    assert str(record["id"]).startswith("code_contests-")


def test_the_example_of_the_documentation_is_valid() -> None:
    text = Path("docs/training-data.md").read_text(encoding="utf-8")
    example = tomllib.loads(text.split("```toml\n")[1].split("```")[0])

    assert TasksConfig.model_validate(example["tasks"]).source == "taco"
    assert SolveConfig.model_validate(example["solve"]).problems == 18_820
