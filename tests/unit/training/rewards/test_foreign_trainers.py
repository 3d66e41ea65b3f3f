import pytest

from tests.fakes import INCORRECT
from training.rewards.openrlhf import critique_of
from training.rewards.truth import TruthError, dump_truth, submission_of

TASK: dict[str, object] = {
    "id": "t1",
    "problem": "Add one.",
    "entry_point": "f",
    "tests": [{"args": [1], "expected": 2}],
}
HIDDEN: dict[str, object] = {"hidden_tests": [{"args": [2], "expected": 3}]}


def test_a_row_comes_back_with_its_hidden_tests() -> None:
    submission = submission_of(dump_truth(TASK | HIDDEN, "pass", right=True), INCORRECT)

    assert (submission.id, submission.code, submission.right) == ("t1", "pass", True)
    assert len(submission.task.tests) == 2


@pytest.mark.parametrize("truth", ["", "{}", '{"task": 3}', "[1]", '{"task": {}, "code": "x", "right": 1}'])
def test_a_foreign_row_is_refused_by_name(truth: str) -> None:
    with pytest.raises(TruthError, match="ctrl-train rows"):
        submission_of(truth, INCORRECT)


@pytest.mark.parametrize("end", ["", "<|end|>", "<|im_end|>\n", "</s>", "\n<|eot_id|><|end_of_text|>"])
def test_a_critique_is_cut_out_of_a_query(end: str) -> None:
    prompt = "<|user|>Review this.<|assistant|>"

    assert critique_of(f"{prompt}{INCORRECT}{end}", prompt) == INCORRECT
