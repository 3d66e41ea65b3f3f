"""The round that is returned is the one the caller asked for."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from service.domain.critique import Judgment
from service.domain.refinement import Round, Selection
from service.domain.selection import select
from service.domain.task import Candidate
from service.domain.verdict import Outcome, Verdict
from service.domain.verdict import TestRun as Run
from tests.fakes import critique_of, verdict_of

CORRECT, INCORRECT = Judgment.CORRECT, Judgment.INCORRECT


def chain(*rounds: Round, number: int = 0) -> list[Round]:
    """Number the rounds as one chain."""
    return [replace(round_, chain=number, index=index) for index, round_ in enumerate(rounds)]


def judged(
    judgment: Judgment | None = None,
    score: float | None = None,
    verdict: Verdict | None = None,
    code: str = "x",
) -> Round:
    return Round(0, 0, Candidate(code), verdict, critique_of(judgment, score))


def printed(*outputs: str) -> Verdict:
    runs = tuple(Run(Outcome.WRONG_ANSWER, actual=output) for output in outputs)
    return Verdict(Outcome.WRONG_ANSWER, 0, len(runs), runs)


def best(*rounds: Round) -> int:
    """Return the index of the best round of one chain."""
    return select([chain(*rounds)], Selection.BEST).index


def test_last_is_the_last_whatever_was_said_of_it() -> None:
    rounds = chain(judged(CORRECT, 0.9), judged(INCORRECT, 0.1))

    assert select([rounds], Selection.LAST).index == 1


def test_of_several_chains_the_best_last_round_is_returned() -> None:
    chains = [
        chain(judged(CORRECT), judged(INCORRECT, 0.3)),
        chain(judged(INCORRECT), judged(CORRECT, 0.9), number=1),
        chain(judged(CORRECT, 0.8), number=2),
    ]

    selected = select(chains, Selection.LAST)

    assert (selected.chain, selected.index) == (1, 1)


def test_a_revision_judged_worse_is_not_returned() -> None:
    assert best(judged(CORRECT, 0.6), judged(INCORRECT, 0.4)) == 0


def test_a_revision_scored_lower_is_not_returned() -> None:
    assert best(judged(INCORRECT, 0.4), judged(INCORRECT, 0.1)) == 0


def test_a_judgment_outweighs_a_score() -> None:
    assert best(judged(INCORRECT, 0.9), judged(CORRECT, 0.4)) == 1


def test_passed_tests_outweigh_a_score() -> None:
    assert best(judged(INCORRECT, 0.4, verdict_of(0, 2)), judged(INCORRECT, 0.1, verdict_of(2, 2))) == 1


def test_a_failed_test_refutes_a_judgment() -> None:
    assert best(judged(INCORRECT, 0.1, verdict_of(2, 2)), judged(CORRECT, 0.9, verdict_of(1, 2))) == 0


def test_of_equals_the_later_round_is_returned() -> None:
    assert best(judged(INCORRECT, 0.3), judged(INCORRECT, 0.3)) == 1


def test_of_equal_chains_the_first_is_returned() -> None:
    assert select([chain(judged(), number=0), chain(judged(), number=1)], Selection.BEST).chain == 0


def test_a_round_without_a_critique_is_no_better_than_one_with_a_bad_one() -> None:
    unjudged = Round(0, 0, Candidate("x"))

    assert best(judged(INCORRECT, 0.1), unjudged) == 0


def test_programs_that_print_the_same_vote_together() -> None:
    chains = [
        chain(judged(CORRECT, 0.9, printed("1", "2"), "a"), number=0),
        chain(judged(INCORRECT, 0.2, printed("1", "3"), "b"), number=1),
        chain(judged(INCORRECT, 0.3, printed("1", "3"), "c"), number=2),
    ]

    assert select(chains, Selection.VOTE).candidate.code == "c"


def test_without_tests_programs_that_differ_in_names_alone_vote_together() -> None:
    chains = [
        chain(judged(CORRECT, 0.9, code="print(1)"), number=0),
        chain(judged(INCORRECT, 0.2, code="x = 1"), number=1),
        chain(judged(INCORRECT, 0.1, code="y = 1  # one"), number=2),
    ]

    assert select(chains, Selection.VOTE).candidate.code == "x = 1"


def test_only_last_rounds_vote() -> None:
    chains = [
        chain(judged(code="x = 1"), judged(code="x = 1"), judged(INCORRECT, 0.1, code="x = 2"), number=0),
        chain(judged(INCORRECT, 0.9, code="x = 3"), number=1),
    ]

    assert select(chains, Selection.VOTE).candidate.code == "x = 3"


rounds = st.builds(
    judged,
    st.sampled_from([CORRECT, INCORRECT]),
    st.floats(0, 1),
    st.sampled_from([None, verdict_of(1, 1), verdict_of(0, 1)]),
)


@given(st.lists(st.lists(rounds, min_size=1), min_size=1), st.sampled_from(Selection))
def test_what_is_selected_is_one_of_the_rounds(chains: list[list[Round]], selection: Selection) -> None:
    numbered = [chain(*rounds, number=number) for number, rounds in enumerate(chains)]

    selected = select(numbered, selection)

    assert numbered[selected.chain][selected.index] is selected
