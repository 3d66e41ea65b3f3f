"""An evaluation of real weights, at endpoints, on problems of a data set: no oracle, no mini world."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.model_endpoint import served
from tests.tiny_run import tiny_config
from training.config import TrainConfig
from training.evaluate import rows
from training.evaluate.findings import TEST, UNSTOPPED, Findings, read_findings
from training.evaluate.pairs import DRAFTS
from training.judging import sandbox_service
from training.options import Options
from training.run import Record, Run, StageError
from training.stages import evaluate, report
from training.tasks.mini import Split, problems
from training.tasks.records import problem_to_json, write_jsonl

pytestmark = pytest.mark.training
GENERATOR, CRITIC = Path("weights/mini/generator"), Path("weights/mini/critic")
NOWHERE = "http://127.0.0.1:9/v1"
PROBLEMS = 5
ROWS = {
    rows.ZERO_SHOT, rows.RESAMPLE, rows.MOST_FREQUENT, rows.ANY_RESAMPLE, rows.APPROVED, rows.CONTENTLESS,
    rows.VERDICT, rows.EXECUTION, rows.SELF, rows.SELF_HINTED, rows.SFT, rows.SFT_GREEDY, rows.CTRL,
    rows.CTRL_GREEDY,
}  # fmt: skip


def told(split: Split, count: int) -> list[Record]:
    """Problems as a data set has them: nothing says how they were made."""
    return [problem_to_json(problem) | {"time_limit_s": 2} for problem in problems(split, 1, count)]


def a_run(tmp_path: Path, generator: str, critic: str) -> Run:
    """A run from real weights, trained on a data set, whose models are served."""
    other = tmp_path / "other.jsonl"
    write_jsonl(other, told(Split.OOD_LONGER, 3))
    tree = tiny_config(tmp_path, GENERATOR, {})
    tree["tasks"] = {"source": "jsonl", "path": str(tmp_path), "evaluation": [str(other)]}
    urls = {"generator": generator, "sft": generator, "critic": critic}
    tree["engines"] = {role: {"base_url": url, "model": role} for role, url in urls.items()}
    tree["evaluate"] = {
        "problems": PROBLEMS,
        "samples": 2,
        "ood_problems": 3,
        "rounds": 2,
        "matrix_problems": 2,
        "pairs": 1,
        "sets": {"other": {"source": "jsonl", "path": str(other)}},
    }
    run = Run(TrainConfig.model_validate(tree))
    write_jsonl(run.file("tasks.test.jsonl"), told(Split.TEST, PROBLEMS + 1))
    return run


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with sandbox_service(None) as url:
        yield url


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory, sandbox: str) -> tuple[Path, Findings]:
    """Where an evaluation was, and what it found; its endpoints are gone."""
    folder = tmp_path_factory.mktemp("evaluated")
    with ExitStack() as stack:
        generator, critic = (stack.enter_context(served(path)) for path in (GENERATOR, CRITIC))
        (folder / "urls.json").write_text(json.dumps([generator, critic]), encoding="utf-8")
        run = a_run(folder, generator, critic)
        evaluate.run_stage(run, Options(sandbox))
    return folder, read_findings(run.file("evaluation.json"))


def test_every_reviewer_but_the_oracle_meets_the_drafts(evaluated: tuple[Path, Findings]) -> None:
    _, findings = evaluated

    assert set(findings.groups) == {TEST, UNSTOPPED, "other"}
    group = findings.groups[TEST]
    assert set(group.trials) == ROWS
    assert group.problems == PROBLEMS
    assert all(len(trial.passed[0]) == 2 * PROBLEMS for trial in group.trials.values())
    assert set(findings.groups["other"].trials) == {
        rows.ZERO_SHOT, rows.RESAMPLE, rows.SELF, rows.SFT, rows.CTRL
    }  # fmt: skip
    assert findings.gates == ()


def test_the_critic_that_is_served_repairs_drafts(evaluated: tuple[Path, Findings]) -> None:
    trial = evaluated[1].groups[TEST].trials[rows.CTRL]

    assert sum(trial.passed[-1]) > sum(trial.passed[0])
    assert all(trial.strict)


def test_the_probability_of_correct_comes_from_the_endpoint(evaluated: tuple[Path, Findings]) -> None:
    ((right, wrong),) = evaluated[1].pairs[DRAFTS][rows.CTRL]["scores"]

    assert 0 <= wrong <= 1
    assert 0 <= right <= 1


def test_what_was_found_is_not_asked_for_again(evaluated: tuple[Path, Findings]) -> None:
    folder, findings = evaluated
    run = a_run(folder, *json.loads((folder / "urls.json").read_text(encoding="utf-8")))
    run.file("evaluation.json").unlink()

    evaluate.run_stage(run, Options(NOWHERE))

    assert read_findings(run.file("evaluation.json")) == findings


def test_its_report_says_what_was_not_run(evaluated: tuple[Path, Findings], tmp_path: Path) -> None:
    folder, _ = evaluated
    run = a_run(folder, *json.loads((folder / "urls.json").read_text(encoding="utf-8")))

    report.run_stage(run, Options(docs=tmp_path))

    page = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "| CTRL |" in page
    assert "Problems of other. 3 problems x 2 drafts." in page
    assert "oracle" not in page
    assert {path.stem for path in (tmp_path / "results").iterdir()} == {"rounds", "similarity", "votes"}


def test_no_problem_to_evaluate_on_is_told_with_the_remedy(tmp_path: Path, sandbox: str) -> None:
    run = a_run(tmp_path, NOWHERE, NOWHERE)
    write_jsonl(run.file("tasks.test.jsonl"), [])

    with pytest.raises(StageError, match="give the section tasks a test_share"):
        evaluate.run_stage(run, Options(sandbox))


def test_a_set_that_is_not_there_is_named(tmp_path: Path, sandbox: str) -> None:
    run = a_run(tmp_path, NOWHERE, NOWHERE)
    (tmp_path / "other.jsonl").unlink()

    with pytest.raises(StageError, match=r"evaluate\.sets\.other\.path"):
        evaluate.run_stage(run, Options(sandbox))
