import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tests.fakes import INCORRECT
from tests.unit.training.test_prompt_rows import run_with, screened
from training.cli import app
from training.rewards.export import export_rows
from training.rewards.openrlhf import critique_of
from training.rewards.truth import TruthError, dump_truth, submission_of
from training.tasks.records import read_jsonl

TASK: dict[str, object] = {
    "id": "t1",
    "problem": "Add one.",
    "entry_point": "f",
    "tests": [{"args": [1], "expected": 2}],
}
HIDDEN: dict[str, object] = {"hidden_tests": [{"args": [2], "expected": 3}]}


def test_a_row_comes_back_with_its_hidden_tests() -> None:
    submission = submission_of(dump_truth(TASK | HIDDEN, "pass", right=True), INCORRECT)

    assert (submission.target.id, submission.code, submission.right) == ("t1", "pass", True)
    assert len(submission.target.task.tests) == 2


@pytest.mark.parametrize("truth", ["", "{}", '{"task": 3}', "[1]", '{"task": {}, "code": "x", "right": 1}'])
def test_a_foreign_row_is_refused_by_name(truth: str) -> None:
    with pytest.raises(TruthError, match="ctrl-train rows"):
        submission_of(truth, INCORRECT)


@pytest.mark.parametrize("end", ["", "<|end|>", "<|im_end|>\n", "</s>", "\n<|eot_id|><|end_of_text|>"])
def test_a_critique_is_cut_out_of_a_query(end: str) -> None:
    prompt = "<|user|>Review this.<|assistant|>"

    assert critique_of(f"{prompt}{INCORRECT}{end}", prompt) == INCORRECT


def test_other_trainers_need_no_package_of_ours_for_training() -> None:
    """Theirs have other versions: verl 0.9 wants an older transformers than TRL."""
    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(['torch', 'transformers', 'trl', 'datasets', 'pyarrow']))\n"
        "import training.rewards.verl, training.rewards.openrlhf"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["rows.parquet", "rows.jsonl"])
def test_rows_for_other_trainers_carry_what_scores_them(tmp_path: Path, name: str) -> None:
    run = run_with(tmp_path, taught=6, count=60)

    count = export_rows(run, tmp_path / name)

    path = tmp_path / name
    parquet = path.suffix == ".parquet"
    rows: list[Any] = pq.read_table(path).to_pylist() if parquet else list(read_jsonl(path))
    assert len(rows) == count > 0
    for row in rows:
        submission = submission_of(row["reward_model"]["ground_truth"], INCORRECT)
        assert submission.target.id == row["extra_info"]["task_id"]
        assert submission.code in row["prompt"][0]["content"]
        assert row["label"] == row["reward_model"]["ground_truth"]


def test_a_file_of_another_kind_is_refused_by_name(tmp_path: Path) -> None:
    config = tmp_path / "mini.toml"
    text = Path("configs/mini.toml").read_text(encoding="utf-8")
    config.write_text(text.replace('"runs/mini"', f'"{tmp_path}"'), encoding="utf-8")
    run = run_with(tmp_path, taught=6, count=60)
    screened(run, [[True, False]])

    result = CliRunner().invoke(app, ["rows", str(config), str(tmp_path / "rows.csv")])

    assert result.exit_code == 1
    assert "rows.csv: the name ends in .parquet (verl) or .jsonl (OpenRLHF)" in result.output
