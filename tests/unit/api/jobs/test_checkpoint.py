"""What is written down of a refinement is read back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.jobs.checkpoint import checkpoint, restored, round_name
from service.api.jobs.pending import encoded
from service.api.refine_request import RefineRequest
from service.domain.chat import TokenUsage
from service.domain.critique import Critique, Judgment, Parsed
from service.domain.refinement import Round, Usage
from service.domain.task import Candidate
from service.domain.verdict import Outcome, Verdict
from service.domain.verdict import TestRun as Run

TEXT = st.text(
    st.characters(exclude_categories=()), max_size=20
)  # lone surrogates too: a model may write them
FRACTION = st.floats(0, 1)
COUNT = st.integers(0, 10**9)

runs = st.builds(Run, st.sampled_from(Outcome), TEXT, TEXT, TEXT, TEXT, FRACTION, FRACTION, COUNT)
verdicts = st.builds(Verdict, st.sampled_from(Outcome), COUNT, COUNT, st.lists(runs, max_size=2).map(tuple))
critiques = st.builds(
    Critique,
    TEXT,
    TEXT,
    TEXT,
    st.none() | st.sampled_from(Judgment),
    st.sampled_from(Parsed),
    st.none() | FRACTION,
)
usages = st.builds(Usage, st.builds(TokenUsage, COUNT, COUNT, COUNT), COUNT, COUNT, COUNT)
rounds = st.builds(
    Round,
    st.integers(0, 15),
    st.integers(0, 16),
    st.builds(Candidate, TEXT, TEXT),
    st.none() | verdicts,
    st.none() | critiques,
    st.none() | FRACTION,
    usages,
    st.floats(0, 1e6),
)


@given(rounds)
def test_a_round_is_read_back_to_the_last_digit(a_round: Round) -> None:
    text = checkpoint(a_round)

    assert restored({round_name(a_round): text}) == (a_round,)
    assert text.isascii()


def test_rounds_come_in_order_however_they_were_kept() -> None:
    made = [Round(chain, index, Candidate("x")) for chain in (0, 1) for index in (0, 2, 10)]
    kept = {round_name(a_round): checkpoint(a_round) for a_round in reversed(made)}

    assert list(restored(kept)) == made


@pytest.mark.parametrize(
    "body",
    [
        {"problem": "p"},
        {"problem": "p", "entry_point": "f", "tests": [{"args": [1, None], "expected": {"a": [1.5]}}]},
        {"problem": "p", "tests": [{"stdin": "\x00\n", "stdout": "ü\u2028"}], "stop": "tests_passed"},
        {"problem": "p", "tests": [{"assert": "assert f(1) == 2"}], "solution": "```python\nx\n```"},
        {"problem": "p", "budget": None, "sampling": {"seed": 2**62, "temperature": 0.1}},
        {"problem": "p", "metadata": {"a": "b"}, "background": True, "candidates": 3, "select": "vote"},
    ],
)
def test_a_request_is_read_back_as_it_was_understood(body: dict[str, object]) -> None:
    request = RefineRequest.model_validate(body)

    text = encoded(request.model_dump(mode="json", by_alias=True))

    assert RefineRequest.model_validate_json(text) == request
    assert RefineRequest.model_validate_json(text).to_task() == request.to_task()
