import random

import pytest

from tests.unit.training.data.set_rows import FUNCTION_STATEMENT, STATEMENT
from training.data.contamination import COMMON, EvaluationIndex
from training.data.words import normalised_words

BOILERPLATE = (
    "Each test holds several cases. The first line has the number of cases, at most one thousand. The lines "
    "after it tell the cases. The sum of all lengths over all cases is at most two hundred thousand. "
)


def index_of(*statements: str, overlap: float = 0.3) -> EvaluationIndex:
    named = [(f"set.jsonl: {number}", statement) for number, statement in enumerate(statements)]
    return EvaluationIndex(named, ngram=13, overlap=overlap)


def random_words(seed: int, count: int) -> str:
    rng = random.Random(seed)
    return " ".join("".join(rng.choices("abcdefgh", k=5)) for _ in range(count))


def test_words_are_the_same_however_they_are_marked_up() -> None:
    plain = "Given $n$ lamps (1 ≤ n ≤ 10), print “YES”."
    marked = '<p>Given <b>N</b> LAMPS: 1 \\leq n \\le 10;&nbsp;print "yes"</p>'

    assert (
        normalised_words(plain)
        == normalised_words(marked)
        == ["given", "n", "lamps", "1", "n", "10", "print", "yes"]
    )


def test_a_comparison_is_no_tag() -> None:
    assert normalised_words("1 < n > 2 is 3 <= m") == ["1", "n", "2", "is", "3", "m"]


def test_a_copy_with_other_case_and_punctuation_is_found_with_its_place() -> None:
    match = index_of(FUNCTION_STATEMENT, STATEMENT).match(
        STATEMENT.upper().replace(".", " !").replace(",", "")
    )

    assert match is not None
    assert (match.evaluation, match.overlap) == ("set.jsonl: 1", 1.0)


def test_a_copy_with_its_names_changed_here_and_there_is_found() -> None:
    changed = STATEMENT.replace("keeper", "guard").replace("metres", "yards")

    match = index_of(STATEMENT).match(changed)

    assert match is not None
    assert 0.3 <= match.overlap < 1


def test_a_copy_inside_a_longer_text_is_found() -> None:
    match = index_of(STATEMENT).match(random_words(1, 400) + " " + STATEMENT + " " + random_words(2, 400))

    assert match is not None
    assert match.overlap == 1.0


def test_another_problem_is_not_found() -> None:
    assert index_of(STATEMENT).match(FUNCTION_STATEMENT) is None
    assert EvaluationIndex([], ngram=13, overlap=0.3).match(STATEMENT) is None


def test_one_shared_sentence_is_not_enough() -> None:
    sentence = random_words(3, 20)

    assert index_of(f"{sentence} {random_words(4, 100)}").match(f"{sentence} {random_words(5, 100)}") is None


def test_wording_that_contests_repeat_is_no_evidence() -> None:
    problems = [BOILERPLATE + random_words(seed, 25) for seed in range(COMMON)]
    another = BOILERPLATE + random_words(99, 25)

    assert index_of(*problems).match(another) is None
    assert index_of(problems[0]).match(another) is not None
    assert index_of(*problems).match(problems[1]) is not None


def test_wording_that_contests_repeat_does_not_hide_a_copy_of_the_rest() -> None:
    own = [random_words(seed, 100) for seed in range(COMMON)]
    short = random_words(7, 25)
    index = index_of(*(BOILERPLATE + text for text in (*own, short)), overlap=0.5)

    part = index.match(BOILERPLATE + " ".join(own[1].split()[40:70]))
    inside = index.match(f"{random_words(8, 200)} {short}")

    assert part is not None
    assert inside is not None
    assert (part.evaluation, inside.evaluation) == ("set.jsonl: 1", f"set.jsonl: {COMMON}")


def test_equal_statements_of_several_sets_count_once_and_stay_evidence() -> None:
    index = index_of(*[STATEMENT] * (COMMON + 2))

    assert index.problems == 1
    assert index.match(STATEMENT) is not None


def test_editions_of_one_problem_in_several_sets_stay_evidence() -> None:
    editions = [f"{STATEMENT} {random_words(seed, 30)}" for seed in range(COMMON + 2)]
    index = index_of(*editions)

    assert index.problems == 1
    for copy in (STATEMENT, *editions):
        assert index.match(copy) is not None


@pytest.mark.parametrize(
    ("evaluation", "training", "found"),
    [
        ("Write a function to add two long numbers.", "Write a function to add two long numbers", True),
        (
            "Write a function to add two long numbers.",
            "Here is your task. Write a function to add two long numbers! Mind the carry when you are done.",
            True,
        ),
        (
            "Here is a task. Write a function to add two long numbers. Mind the carry when you do it.",
            "write a function to add two long numbers",
            True,
        ),
        ("Write a function to add two long numbers.", "Write a function to add two long lists", False),
        ("Add two numbers.", "Add two numbers", True),
        ("Add two numbers.", "Read two lines, add two numbers and print what you get, then stop.", False),
        ("Add two numbers.", "", False),
    ],
)
def test_a_problem_shorter_than_a_run_is_compared_as_a_whole(
    evaluation: str, training: str, found: bool
) -> None:
    assert (index_of(evaluation).match(training) is not None) is found
