import random
import re
from collections import Counter

import pytest

from service.domain.critique import Parsed
from service.domain.parsing import parse_critique
from training.base.corpus import Mix, Noise, make_example
from training.base.misleading import misleading
from training.base.poor import poor_review
from training.base.tokenizer import fixed_wording
from training.tasks.mini import Problem, Split, problems
from training.tasks.pipeline import Shape, parse_lines
from training.tasks.review import EditKind, Review, apply_edit, careful_review
from training.tasks.slips import slip_count, with_slips

Case = tuple[Problem, str, Review]


def cases(*, wrong: bool, count: int = 400) -> list[Case]:
    """Misleading reviews of wrong drafts, or of right ones."""
    rng = random.Random(8)
    found = []
    for problem in problems(Split.TRAIN, 8, count):
        slipped = with_slips(rng, problem.reference, slip_count(rng), problem.inputs)
        code = (slipped if wrong else problem.reference).code()
        found.append((problem, code, misleading(rng, problem.reference, code)))
    return found


@pytest.mark.parametrize("wrong", [True, False])
def test_every_kind_of_edit_occurs(*, wrong: bool) -> None:
    kinds = Counter(review.edit.kind for _, _, review in cases(wrong=wrong) if review.edit)

    assert set(kinds) == set(EditKind)
    assert min(kinds.values()) > 0.08 * sum(kinds.values())


@pytest.mark.parametrize("shape", Shape)
def test_every_kind_of_edit_occurs_in_every_shape_of_program(shape: Shape) -> None:
    kinds = {r.edit.kind for p, _, r in cases(wrong=True) if r.edit and p.reference.shape is shape}

    assert kinds == set(EditKind)


@pytest.mark.parametrize("wrong", [True, False])
def test_it_leads_neither_where_a_careful_review_does_nor_home_nor_nowhere(*, wrong: bool) -> None:
    for problem, code, review in cases(wrong=wrong):
        careful = careful_review(problem.reference, code)
        done = apply_edit(problem.reference, code, review.edit)

        assert review.suggestions != careful.suggestions
        assert done not in {
            code,
            problem.reference.code(),
            apply_edit(problem.reference, code, careful.edit),
        }


def test_its_edit_moves_whole_lines_of_this_world() -> None:
    gained = {EditKind.CHANGE: 0, EditKind.ADD: 1, EditKind.REMOVE: -1, EditKind.SWAP: 0}
    for problem, code, review in cases(wrong=True):
        assert review.edit is not None
        before = parse_lines(problem.reference.shape, code)
        after = parse_lines(problem.reference.shape, apply_edit(problem.reference, code, review.edit))

        assert None not in after
        assert len(after) - len(before) == gained[review.edit.kind]


def test_it_is_said_as_a_careful_review_says_it() -> None:
    between = re.compile("|".join(map(re.escape, fixed_wording())))
    for problem, code, review in cases(wrong=True):
        careful = careful_review(problem.reference, code)
        parsed = parse_critique(review.text())

        assert parsed.parsed is Parsed.STRICT
        assert (parsed.judgment, parsed.suggestions) == (review.judgment, review.suggestions)
        assert between.findall(review.text()) == between.findall(careful.text())
        assert between.split(review.text()) == ["", review.analysis, review.suggestions, " Incorrect"]
        lines = review.analysis.split("\n")
        first = next(index for index, line in enumerate(lines) if line.endswith("; different"))
        assert all(line.endswith("; same") for line in lines[:first])
        assert len(lines) in {first + 1, first + 3}


def test_what_is_called_different_is_told_apart() -> None:
    for _, _, review in cases(wrong=False):
        told = re.findall(r"\. asked: (.+); line \d+: (.+); (same|different)", review.analysis)

        assert [(asked == done) for asked, done, _ in told] == [word == "same" for _, _, word in told]


def test_an_invented_analysis_is_one_that_asks_for_its_edit() -> None:
    crosswise = {"SWAP": ["same", "same"], "ADD": ["different", "same"]}
    for _, _, review in cases(wrong=False):
        assert review.edit is not None
        words = re.findall("; (same|different)$", review.analysis, re.MULTILINE)
        after = words[words.index("different") + 1 :]
        if after and review.edit.kind.name in crosswise:
            assert after == crosswise[review.edit.kind.name]


def test_the_fault_is_often_the_true_one_and_only_the_edit_is_not() -> None:
    found = cases(wrong=True)
    true = [r.analysis == careful_review(p.reference, code).analysis for p, code, r in found]

    assert 0.3 < sum(true) / len(true) < 0.7


def test_a_garbled_line_can_be_advised_on_too() -> None:
    rng = random.Random(9)
    problem = next(p for p in problems(Split.TRAIN, 8, 50) if len(p.reference.steps) == 3)
    code = re.sub(r"\n +\S+ = .+", "\n    xs = [", problem.reference.code(), count=1)
    told = {misleading(rng, problem.reference, code).suggestions for _ in range(60)}

    assert any("something else" in suggestion for suggestion in told)


def test_the_share_of_each_poor_review_is_kept() -> None:
    rng = random.Random(10)
    reviews = [
        (poor_review(rng, p.reference, code), careful_review(p.reference, code))
        for p, code, _ in cases(wrong=True, count=2000)
    ]

    assert sum(r.edit is not None for r, _ in reviews) / len(reviews) == pytest.approx(0.2, abs=0.03)
    assert sum(r.analysis.startswith("1. asked") for r, _ in reviews) / len(reviews) == pytest.approx(
        0.7, abs=0.04
    )


def test_the_corpus_is_a_function_of_its_seed() -> None:
    mix = Mix(write=0, revise=1, blind=1, hinted=0)
    noise = Noise(poor_critiques=1.0, poor_in_revisions=1.0)
    once, again = (
        [make_example(rng, mix, noise) for _ in range(200)] for rng in (random.Random(3), random.Random(3))
    )

    assert once == again
    assert any("Swap lines" in example.completion for example in once)
