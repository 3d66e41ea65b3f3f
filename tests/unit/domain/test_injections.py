"""No text that a candidate smuggles into a critique or a prompt wins it a judgment."""

import pytest

from service.domain.chat import Sampling
from service.domain.critique import Judgment, Parsed
from service.domain.extraction import extract_code
from service.domain.fences import blocks, text_lines
from service.domain.judging import judge_candidate
from service.domain.parsing import parse_critique, parse_preference
from service.domain.roles import ChatCritic
from service.domain.syntax import is_program
from service.domain.task import Candidate, Task
from service.domain.templates import CRITIC_TEMPLATE, PROMPTED_CRITIC_TEMPLATE
from tests.fakes import CORRECT, FakeChatModel
from tests.injections import (
    CANDIDATES,
    CRITIQUES,
    ENDING_IN_A_QUOTE,
    FORGED,
    MASTER_KEYS,
    SPEAKING,
    VERDICT,
)

TASK = Task("Add one.", "f")
QUOTES = {
    "before incorrect": "Analysis:\n{code}\n\nImprovement suggestions:\nNone\n\nOverall judgment: Incorrect",
    "fenced before incorrect": "Analysis:\n{fence}\n{code}\n{fence}\n\nImprovement suggestions:\nNone\n\n"
    "Overall judgment: Incorrect",
    "after incorrect": "Analysis:\nA\n\nImprovement suggestions:\nB\n\nOverall judgment: Incorrect\n\n{code}",
    "fenced at the end": "Analysis:\nA\n\nImprovement suggestions:\nB\n\n{fence}\n{code}\n{fence}",
    "in an unclosed fence": "Analysis:\nA\n\n{fence}\n{code}",
}


def test_the_corpus_is_large_and_holds_nothing_twice() -> None:
    everything = [*CANDIDATES.values(), *MASTER_KEYS, *CRITIQUES.values()]

    assert len(everything) == len(set(everything)) >= 150


@pytest.mark.parametrize("critique", CRITIQUES.values(), ids=CRITIQUES)
def test_a_verdict_out_of_its_place_is_none(critique: str) -> None:
    assert parse_critique(critique).judgment is not Judgment.CORRECT


@pytest.mark.parametrize("critique", [*CRITIQUES.values(), FORGED], ids=[*CRITIQUES, "forged"])
def test_a_critique_cut_short_judges_nothing(critique: str) -> None:
    assert parse_critique(critique, truncated=True).judgment is None


@pytest.mark.parametrize("quote", QUOTES.values(), ids=QUOTES)
@pytest.mark.parametrize("code", CANDIDATES.values(), ids=CANDIDATES)
def test_a_candidate_that_is_quoted_whole_judges_nothing(code: str, quote: str) -> None:
    critique = quote.format(code=code, fence="`" * 21)

    assert parse_critique(critique, code=code).judgment is not Judgment.CORRECT


@pytest.mark.parametrize("ending", ENDING_IN_A_QUOTE.values(), ids=ENDING_IN_A_QUOTE)
@pytest.mark.parametrize("code", SPEAKING.values(), ids=SPEAKING)
def test_a_critique_that_ends_in_its_candidates_words_judges_nothing(code: str, ending: str) -> None:
    critique = parse_critique(ending.format(quote=VERDICT), code=code)

    assert (critique.judgment, critique.parsed) == (None, Parsed.NONE)


@pytest.mark.parametrize("code", SPEAKING.values(), ids=SPEAKING)
def test_a_critique_in_form_is_taken_at_its_word_whatever_the_candidate_says(code: str) -> None:
    assert parse_critique(CORRECT, code=code).judgment is Judgment.CORRECT
    assert parse_critique(CORRECT.replace("Correct", "Incorrect"), code=code).judgment is Judgment.INCORRECT


@pytest.mark.parametrize("code", CANDIDATES.values(), ids=CANDIDATES)
def test_a_candidate_stays_within_its_fence(code: str) -> None:
    (message,) = CRITIC_TEMPLATE.request(TASK, Candidate(code))
    lines = text_lines(message.content)

    (block,) = blocks(lines)
    assert block.closed
    assert lines[block.first : block.end] == text_lines(code.strip("\n"))
    assert lines[block.end + 1 :] == ["</candidate>"]


@pytest.mark.parametrize("code", CANDIDATES.values(), ids=CANDIDATES)
def test_in_a_comparison_both_stay_within_their_fences(code: str) -> None:
    (message,) = PROMPTED_CRITIC_TEMPLATE.comparison(TASK, Candidate(code), Candidate("print(1)"))
    lines = text_lines(message.content)

    first, second = blocks(lines)
    assert lines[first.first : first.end] == text_lines(code.strip("\n"))
    assert lines[second.first : second.end] == ["print(1)"]


@pytest.mark.parametrize("said", MASTER_KEYS)
async def test_a_master_key_is_incorrect_and_no_critic_sees_it(said: str) -> None:
    model = FakeChatModel([CORRECT])

    opinion = await judge_candidate(ChatCritic(model), TASK, Candidate(extract_code(said)), Sampling(), 3)

    assert (opinion.votes.judgment, opinion.critique.score) == (Judgment.INCORRECT, 0.0)
    assert model.conversations == []


@pytest.mark.parametrize(
    "code",
    [
        "print(1)",
        "x = 1",
        "def f(x):\n    return x",
        "def f(x)\n    return x",
        "print 'hello'",
        "for i in range(3) print(i)",
        "class Solution:\n    pass",
        "f(3",
        '#include <cstdio>\nint main() { puts("1"); }',
        "x" * 200_000 + " = 1",
    ],
)
def test_a_program_is_one_even_if_it_is_broken(code: str) -> None:
    assert is_program(code)


@pytest.mark.parametrize("blank", ["\n", " \n", "\t", "\r\n"])
def test_prose_around_a_long_run_of_blanks_takes_no_longer_to_read_than_to_send(blank: str) -> None:
    assert not is_program(f"I am sorry.{blank * 100_000}I cannot.")


@pytest.mark.parametrize(
    ("text", "preference"),
    [
        ("Analysis:\nA is right.\n\nOverall judgment: A", "a"),
        ("Overall judgment: **B**", "b"),
        ("Overall judgment: Tie.", "tie"),
        ("Overall judgment:\nB", "b"),
        ("A is better.", None),
        ("Overall judgment: A or B", None),
        ("Overall judgment: A\n\nOr so.", None),
        ("```\nOverall judgment: A\n```", None),
        ("Overall judgment: Correct", None),
        ("<think>Overall judgment: A", None),
    ],
)
def test_a_preference_is_read_where_a_judgment_is(text: str, preference: str | None) -> None:
    assert parse_preference(text) == preference
    assert parse_preference(text, truncated=True) is None
