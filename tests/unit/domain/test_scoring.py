"""A score is a probability of Correct, read where the judgment is written."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.chat import TokenLogprob
from service.domain.critique import Critique, Judgment
from service.domain.scoring import Votes, aggregate, count_votes, probability_of_correct, scored
from tests.fakes import critique_of

CORRECT, INCORRECT = Judgment.CORRECT, Judgment.INCORRECT


def tokens(*texts: str, **top: float) -> tuple[TokenLogprob, ...]:
    """Spell a completion; the alternatives (probabilities) stand at the token that is one of them."""
    logprobs = {text: math.log(probability) for text, probability in top.items()}
    return tuple(TokenLogprob(text, logprobs.get(text.strip(), 0.0), _near(text, logprobs)) for text in texts)


def _near(text: str, logprobs: Mapping[str, float]) -> Mapping[str, float]:
    return logprobs if text.strip() in logprobs else {}


def test_the_two_words_share_the_probability() -> None:
    logprobs = tokens("Overall", " judgment", ":", "Correct", Correct=0.6, Incorrect=0.2, Maybe=0.1)

    assert probability_of_correct(logprobs) == pytest.approx(0.75)


def test_a_judgment_of_incorrect_has_the_lesser_share() -> None:
    assert probability_of_correct(tokens(":", "Incorrect", Correct=0.1, Incorrect=0.9)) == pytest.approx(0.1)


def test_a_word_in_pieces_is_told_by_its_first_piece() -> None:
    assert probability_of_correct(tokens(":", "In", "correct", In=0.9, Cor=0.1)) == pytest.approx(0.1)


@pytest.mark.parametrize("after", range(12))
def test_a_word_in_pieces_is_told_by_its_first_piece_however_much_follows(after: int) -> None:
    logprobs = tokens(":", "In", "correct", *["\n"] * after, In=0.9, Cor=0.1)

    assert probability_of_correct(logprobs) == pytest.approx(0.1)


def test_white_space_is_no_alternative() -> None:
    token = TokenLogprob("Correct", math.log(0.6), {"Correct": math.log(0.6), " ": math.log(0.4)})

    assert probability_of_correct((token,)) == 1.0


def test_a_word_in_letters_is_told_by_its_first_letter() -> None:
    assert probability_of_correct(tokens(":", *"Correct", C=0.8, I=0.2)) == pytest.approx(0.8)


def test_spellings_of_one_word_add_up() -> None:
    top = {" Correct": math.log(0.3), "Correct": math.log(0.2), "\u0120Incorrect": math.log(0.5)}

    assert probability_of_correct([TokenLogprob(" Correct", math.log(0.3), top)]) == pytest.approx(0.5)


def test_a_word_that_took_more_with_it_is_the_word() -> None:
    top = {"Correct.": math.log(0.5), "Incorrect": math.log(0.5)}

    assert probability_of_correct([TokenLogprob("Correct.", math.log(0.5), top)]) == pytest.approx(0.5)


def test_the_last_such_word_is_the_judgment() -> None:
    early = tokens("Incorrect", Correct=0.1, Incorrect=0.9)
    late = tokens("Correct", "<|im_end|>", Correct=0.7, Incorrect=0.3)

    assert probability_of_correct([*early, *late]) == pytest.approx(0.7)


def test_the_sampled_token_counts_though_it_is_not_among_the_alternatives() -> None:
    token = TokenLogprob("Correct", math.log(0.25), {"Incorrect": math.log(0.75)})

    assert probability_of_correct([token]) == pytest.approx(0.25)


def test_an_impossible_alternative_has_no_share() -> None:
    token = TokenLogprob("Correct", 0.0, {"Incorrect": -math.inf})

    assert probability_of_correct([token]) == 1.0


@pytest.mark.parametrize(
    "logprobs",
    [(), tokens("Fine"), (TokenLogprob("Correct", -math.inf),), (TokenLogprob("(Correct)", 0.0),)],
    ids=["none", "no such word", "no mass", "a word that does not begin its token"],
)
def test_what_logprobs_do_not_tell_is_none(logprobs: tuple[TokenLogprob, ...]) -> None:
    assert probability_of_correct(logprobs) is None


def test_a_critique_without_logprobs_is_one_vote() -> None:
    assert (critique_of(CORRECT).score, critique_of(INCORRECT).score) == (1.0, 0.0)


def test_a_critique_with_logprobs_is_scored_by_them() -> None:
    logprobs = tokens("Correct", Correct=0.6, Incorrect=0.4)

    assert scored(critique_of(CORRECT), logprobs).score == pytest.approx(0.6)


@pytest.mark.parametrize(
    "told",
    [
        tokens("It", " is", " Incorrect", " here", ".", Correct=0.9, Incorrect=0.1),
        tokens("Incorrect", Correct=0.9, Incorrect=0.1),
    ],
    ids=["they end before the judgment", "they spell another one"],
)
def test_logprobs_of_something_else_do_not_score_a_critique(told: tuple[TokenLogprob, ...]) -> None:
    assert scored(critique_of(CORRECT), told).score == 1.0


@pytest.mark.parametrize(
    "end",
    [
        "<|im_end|>",
        "</s>",
        ".**\n",
        "[e~[",
        "\u010a\u0120\u2581",
        "<\uff5cend\u2581of\u2581sentence\uff5c>",
        " <|end|>\n",
    ],
)
def test_what_ends_a_turn_may_follow_a_judgment(end: str) -> None:
    told = tokens("Correct", end, Correct=0.6, Incorrect=0.4)

    assert scored(critique_of(CORRECT), told).score == pytest.approx(0.6)


def test_a_critique_without_a_judgment_has_no_score() -> None:
    assert scored(critique_of(None), tokens("Correct", Correct=0.6, Incorrect=0.4)).score is None


@pytest.mark.parametrize(
    ("votes", "judgment"),
    [
        (Votes(1, 0, 0), CORRECT),
        (Votes(2, 1, 0), CORRECT),
        (Votes(1, 1, 0), INCORRECT),
        (Votes(2, 1, 1), INCORRECT),
        (Votes(0, 1, 5), INCORRECT),
        (Votes(1, 0, 1), None),
        (Votes(0, 0, 3), None),
        (Votes(), None),
    ],
)
def test_correct_takes_more_than_half_of_all_votes(votes: Votes, judgment: Judgment | None) -> None:
    assert votes.judgment is judgment


def test_votes_are_counted() -> None:
    critiques = [critique_of(judgment) for judgment in (CORRECT, None, INCORRECT, CORRECT)]

    assert count_votes(critiques) == Votes(2, 1, 1)


def test_the_first_critique_that_agrees_is_chosen_with_the_mean_score() -> None:
    critiques = [critique_of(INCORRECT, 0.2), critique_of(CORRECT, 0.9), critique_of(CORRECT, 0.7)]

    chosen = aggregate(critiques)

    assert (chosen.text, chosen.judgment) == (critiques[1].text, CORRECT)
    assert chosen.score == pytest.approx(0.6)


def test_without_logprobs_the_score_is_the_share_of_the_votes() -> None:
    critiques = [critique_of(judgment) for judgment in (CORRECT, INCORRECT, CORRECT, CORRECT, None)]

    assert aggregate(critiques).score == pytest.approx(0.75)


def test_too_few_votes_are_no_judgment_and_no_score() -> None:
    chosen = aggregate([critique_of(CORRECT), critique_of(None)])

    assert (chosen.judgment, chosen.score) == (None, None)


def test_judgments_without_scores_are_still_counted() -> None:
    assert aggregate([Critique("fine", judgment=CORRECT)]).score is None


@given(
    st.lists(
        st.builds(
            TokenLogprob,
            st.sampled_from(["Correct", "In", "correct", " ", "Cor", "rect", "x", ""]),
            st.floats(allow_nan=False, max_value=1e6),
            st.dictionaries(st.sampled_from(["Correct", " In", "x", ""]), st.floats(-50, 0)),
        )
    )
)
def test_a_score_is_a_probability_or_nothing(logprobs: list[TokenLogprob]) -> None:
    score = probability_of_correct(logprobs)

    assert score is None or 0.0 <= score <= 1.0


@given(
    st.integers(0, 80),
    st.integers(0, 80),
    st.sampled_from([("In", "correct"), ("Incorrect",), ("i", "n", "correct")]),
)
def test_the_judgment_is_found_however_far_it_is_from_the_end(
    before: int, after: int, word: tuple[str, ...]
) -> None:
    said = tokens(*["Correct "] * min(before, 1), *["."] * before)
    end = tokens(*["."] * after)
    judged = (TokenLogprob(word[0], -0.1, {word[0]: math.log(0.8), "C": math.log(0.2)}), *tokens(*word[1:]))

    assert probability_of_correct([*said, *judged, *end]) == pytest.approx(0.2)


class Written(Sequence[TokenLogprob]):
    """Tokens that cost something to read."""

    def __init__(self, tokens: Sequence[TokenLogprob]) -> None:
        self.tokens, self.read = tokens, 0

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, index: Any) -> Any:
        found = self.tokens[index]
        self.read += len(found) if isinstance(index, slice) else 1
        return found


def test_of_a_long_critique_only_the_end_is_read() -> None:
    written = Written([*tokens(*["Correct "] * 500), *tokens(":", "Incorrect", Correct=0.3, Incorrect=0.7)])

    assert probability_of_correct(written) == pytest.approx(0.3)
    assert written.read < 50
