"""A problem misread: by most of the base model's critics, and by no hint."""

import random

import pytest

from training.base.corpus import Example, Mix, Noise, make_example
from training.base.misreading import misread
from training.tasks.mini import Split, problems

ALL_MISREAD = Noise(slipped_programs=0, poor_critiques=0, right_drafts=1, poor_in_revisions=0, misreadings=1)


def test_a_reader_who_counts_from_one_begins_at_the_second_item() -> None:
    drawn = list(problems(Split.TRAIN, 11, 400))
    easily = [p for p in drawn if misread(p.reference) != p.reference]

    assert 0.04 < len(easily) / len(drawn) < 0.14
    for problem in easily:
        expected = problem.reference.code().replace("xs[::2]", "xs[1::2]").replace("s[::2]", "s[1::2]")
        assert misread(problem.reference).code() == expected


def rejecting(mix: Mix, noise: Noise) -> tuple[list[Example], int]:
    rng = random.Random(12)
    drawn = [make_example(rng, mix, noise) for _ in range(600)]
    return [e for e in drawn if e.completion.endswith("Incorrect")], len(drawn)


def test_only_what_is_easily_misread_makes_a_right_draft_wrong() -> None:
    rejected, count = rejecting(Mix(write=0, revise=0, blind=1, hinted=0), ALL_MISREAD)

    assert 0.04 < len(rejected) / count < 0.14
    assert all("every second" in e.completion and "from the second" in e.completion for e in rejected)


@pytest.mark.parametrize(
    ("mix", "noise"),
    [
        (Mix(write=0, revise=0, blind=0, hinted=1), ALL_MISREAD),
        (Mix(write=0, revise=0, blind=1, hinted=0), Noise(poor_critiques=0, right_drafts=1)),
    ],
)
def test_evidence_and_care_misread_nothing(mix: Mix, noise: Noise) -> None:
    rejected, _ = rejecting(mix, noise)

    assert not rejected


def test_a_program_is_written_for_every_phrasing_and_criticised_for_three() -> None:
    def told(mix: Mix) -> str:
        rng = random.Random(13)
        return " ".join(m.content for _ in range(600) for m in make_example(rng, mix, Noise()).messages)

    kept_back = ("read the list backwards", "arrange with the small ones first", "and report")
    written = told(Mix(write=1, revise=0, blind=0, hinted=0))
    reviewed = told(Mix(write=0, revise=1, blind=1, hinted=1))

    assert all(phrase in written for phrase in kept_back)
    assert not any(phrase in reviewed for phrase in kept_back)
