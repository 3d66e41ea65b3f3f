"""Every claim can come out true, false and not run."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from training.evaluate import rows
from training.evaluate.findings import TEST, UNSTOPPED, Findings, generator_group
from training.evaluate.group import Group
from training.evaluate.pairs import DRAFTS, MISREAD
from training.evaluate.trial import Trial
from training.report.claim import Claim, Part, Status
from training.report.claims import (
    better_each_stage,
    breaks_least,
    changes_more,
    helps_at_every_length,
    keeps_rising,
)
from training.report.health import Course, healthy
from training.report.rewarding import pairs_table, rewards_rightly
from training.report.transfer import generalises, weak_to_strong
from training.tasks.mini import Split

COUNT = 100
LENGTHS = tuple(1 + place // 50 for place in range(COUNT))
"""Half of the problems have one step and half have two."""


def flags(passing: Sequence[int]) -> tuple[bool, ...]:
    chosen = set(passing)
    return tuple(place in chosen for place in range(COUNT))


def first(count: int) -> tuple[bool, ...]:
    """The first `count` of each half pass: the same share of both lengths."""
    return flags([*range(count), *range(50, 50 + count)])


def trial(*passed: tuple[bool, ...], similarity: float | None = None) -> Trial:
    return Trial("x", passed, ((1,) * COUNT,) * len(passed), similarity=(similarity,) * COUNT)


def findings(trials: dict[str, Trial], **groups: Group) -> Findings:
    everything = {TEST: Group(LENGTHS, 1, trials)} | groups
    return Findings(everything, (), {}, {rows.MAIN: 10, "tiny": 1}, {})


def paper() -> dict[str, Trial]:
    """What the paper would have: shares are twice the numbers, in percent."""
    return {
        rows.RESAMPLE: trial(first(20), first(20), first(20)),
        rows.MOST_FREQUENT: trial(first(20), first(20), first(22)),
        rows.APPROVED: trial(first(20), first(30), first(30)),
        rows.SELF: trial(first(20), first(25), first(26), first(26), first(26), similarity=0.5),
        rows.SFT: trial(first(20), first(30), first(33), first(34), first(34), similarity=0.4),
        rows.CTRL: trial(first(20), first(40), first(44), first(46), first(46), similarity=0.3),
        rows.ORACLE: trial(first(20), first(45), first(48), first(48), first(48)),
    }


def with_row(key: str, changed: Trial) -> Findings:
    return findings(paper() | {key: changed})


def statuses(claim: Claim) -> list[Status]:
    return [part.status for part in claim.parts]


def test_a_claim_is_refuted_by_one_part_and_needs_all_to_hold() -> None:
    yes, no, unknown = (Part("", "", holds) for holds in (True, False, None))

    assert Claim(1, "", (yes, yes)).status is Status.HOLDS
    assert Claim(1, "", (yes, unknown)).status is Status.NOT_RUN
    assert Claim(1, "", (yes, unknown, no)).status is Status.REFUTED


def test_each_stage_helps_where_each_is_better_by_two_errors() -> None:
    assert better_each_stage(findings(paper())).status is Status.HOLDS


@pytest.mark.parametrize(
    ("row", "changed"),
    [
        (rows.CTRL, trial(first(20), first(30), first(44))),
        (rows.SFT, trial(first(20), first(25), first(33))),
        (rows.RESAMPLE, trial(first(20), first(45), first(45))),
    ],
)
def test_a_stage_that_is_no_better_refutes_the_first_claim(row: str, changed: Trial) -> None:
    assert better_each_stage(with_row(row, changed)).status is Status.REFUTED


def test_ctrl_may_need_two_rounds_to_exceed_a_resample() -> None:
    found = with_row(rows.RESAMPLE, trial(first(20), first(40), first(30)))

    assert better_each_stage(found).status is Status.HOLDS


def test_breaking_the_fewest_may_be_shared_and_is_refuted_by_one_that_breaks_fewer() -> None:
    breaking = trial(first(20), flags([*range(1, 40), *range(50, 90)]))

    shared = breaks_least(findings(paper()))

    assert shared.status is Status.HOLDS
    assert shared.notes
    assert breaks_least(with_row(rows.CTRL, breaking)).status is Status.REFUTED
    assert breaks_least(with_row(rows.SELF, breaking)).status is Status.HOLDS


def test_ctrl_rises_and_self_critique_stalls() -> None:
    assert keeps_rising(findings(paper())).status is Status.HOLDS


@pytest.mark.parametrize(
    ("row", "changed", "refuted"),
    [
        (rows.CTRL, trial(first(20), first(46), first(46), first(40)), 0),
        (rows.SELF, trial(first(20), first(25), first(26), first(27), first(28)), 1),
        (rows.CTRL, trial(first(20), first(30), first(30)), 2),
        (rows.CTRL, trial(first(20), flags([*range(2, 48), *range(50, 98)])), 3),
    ],
)
def test_each_part_of_the_third_claim_can_be_refuted(row: str, changed: Trial, refuted: int) -> None:
    assert statuses(keeps_rising(with_row(row, changed)))[refuted] is Status.REFUTED


def test_every_length_has_to_gain_and_the_longest_the_most() -> None:
    even, short = first(46), flags(range(50))
    hard_first = flags([*range(30), *range(50, 60)])

    assert statuses(helps_at_every_length(with_row(rows.CTRL, trial(hard_first, even)))) == [Status.HOLDS] * 3
    assert statuses(helps_at_every_length(with_row(rows.CTRL, trial(first(20), short)))) == [
        Status.HOLDS,
        Status.REFUTED,
        Status.REFUTED,
    ]


def test_similarity_is_compared_where_every_draft_is_revised() -> None:
    def claim(ours: float | None, theirs: float | None) -> Claim:
        similar = {rows.CTRL: ours, rows.SELF: theirs}
        trials = {rows.unstopped_row(key): trial(first(20), similarity=s) for key, s in similar.items()}
        return changes_more(findings(paper(), **{UNSTOPPED: Group(LENGTHS, 1, trials)}))

    assert changes_more(findings(paper())).status is Status.NOT_RUN
    assert claim(0.3, 0.5).status is Status.HOLDS
    assert claim(0.5, 0.5).status is Status.REFUTED
    assert claim(None, 0.5).status is Status.NOT_RUN
    assert "Where Correct ends a refinement: 0.300" in claim(0.3, 0.5).notes[0]


def sized(lift: int, critics: Sequence[str]) -> Group:
    trials = {rows.critic_row(critic): trial(first(20), first(20 + lift)) for critic in critics}
    return Group(LENGTHS, 1, trials | {rows.ORACLE: trial(first(20), first(48))})


def test_weak_to_strong_needs_a_smaller_critic_that_lifts_and_a_large_enough_table() -> None:
    alone = findings(paper())
    weak = findings(paper(), **{generator_group(rows.MAIN): sized(20, ["tiny"])})
    useless = findings(paper(), **{generator_group(rows.MAIN): sized(0, ["tiny"])})

    assert statuses(weak_to_strong(alone)) == [Status.NOT_RUN, Status.NOT_RUN]
    assert statuses(weak_to_strong(weak)) == [Status.HOLDS, Status.NOT_RUN]
    assert weak_to_strong(useless).status is Status.REFUTED


def test_three_sizes_of_each_make_a_whole_table() -> None:
    sizes = [rows.MAIN, "small", "tiny"]
    groups = {generator_group(size): sized(20, sizes) for size in sizes}
    found = replace(findings(paper(), **groups), parameters={rows.MAIN: 10, "small": 5, "tiny": 1})

    assert weak_to_strong(found).status is Status.HOLDS


def test_generalisation_needs_other_generators_and_other_problems() -> None:
    away = Group(LENGTHS, 1, paper())
    elsewhere = {split.value: away for split in (Split.OOD_LONGER, Split.OOD_PHRASING)}
    stuck = Group(LENGTHS, 1, paper() | {rows.CTRL: trial(first(20), first(20))})
    other = {generator_group("tiny"): sized(20, [rows.MAIN])}

    assert generalises(findings(paper())).status is Status.NOT_RUN
    assert generalises(findings(paper(), **elsewhere, **other)).status is Status.HOLDS
    stuck_away = {**elsewhere, Split.OOD_PHRASING.value: stuck}
    assert generalises(findings(paper(), **stuck_away, **other)).status is Status.REFUTED


def votes(right: str, wrong: str, *, pairs: int = 50) -> dict[str, object]:
    return {
        "problems": [str(number) for number in range(pairs)],
        "votes": [[right, wrong]] * pairs,
        "scores": [[0.9, 0.1]] * pairs,
    }


def test_a_reward_model_needs_more_votes_to_be_better_and_training_too() -> None:
    good, poor = votes("10" * 16, "01" + "00" * 15), votes("0" * 32, "0" * 32) | {"scores": [[0.1, 0.9]] * 50}

    def claim(**pairs: dict[str, dict[str, object]]) -> Claim:
        return rewards_rightly(replace(findings(paper()), pairs=pairs))

    assert claim().status is Status.NOT_RUN
    assert claim(drafts={rows.CTRL: good, rows.SELF: poor}).status is Status.HOLDS
    assert claim(drafts={rows.CTRL: good}).status is Status.NOT_RUN
    assert statuses(claim(drafts={rows.CTRL: poor, rows.SELF: good})) == [Status.REFUTED] * 4
    misled = claim(drafts={rows.CTRL: good, rows.SELF: poor}, misread={rows.CTRL: poor, rows.SELF: good})
    assert statuses(misled) == [Status.HOLDS] * 4 + [Status.REFUTED]


def test_where_an_engine_gives_no_logprobs_the_score_is_not_run() -> None:
    good, poor = votes("1" * 32, "0" * 32), votes("0" * 32, "0" * 32) | {"scores": None}

    claim = rewards_rightly(replace(findings(paper()), pairs={DRAFTS: {rows.CTRL: good, rows.SELF: poor}}))

    assert len(claim.parts) == 3
    assert "Logprob score: not run." in claim.notes


def test_a_careful_reviewer_who_never_changes_is_shown_once() -> None:
    pairs = {DRAFTS: {rows.CTRL: votes("1" * 32, "0" * 32), rows.ORACLE: votes("0", "0") | {"scores": None}}}
    found = replace(findings(paper()), pairs=pairs | {MISREAD: {rows.CTRL: votes("1" * 32, "1" * 32)}})

    lines = pairs_table(found).splitlines()

    assert [line for line in lines if "oracle" in line] == [
        "| drafts of the generator | oracle † | 1 vote | 0.0 ± 0.0 | 50.0 ± 0.0 | 100.0 ± 0.0 | 50 |"
    ]
    assert sum("| CTRL |" in line for line in lines) == 10
    assert "The oracle on these pairs: 0.0 %, ties 100.0 %" in " ".join(rewards_rightly(found).notes)


GOOD = {
    "reward": (0.4, 0.8),
    "kl": (0.0, 0.1),
    "entropy": (0.3, 0.2),
    "completions/mean_length": (30.0, 31.0),
    "format": (0.97, 1.0),
    "judgment_accuracy": (0.8, 0.9),
    "frac_reward_zero_std": (0.3, 0.5),
}


def course(seed: int, **changed: tuple[float, float]) -> Course:
    metrics = GOOD | changed
    return Course(
        seed,
        tuple(
            {"step": float(step)} | {name: a + (b - a) * step / 39 for name, (a, b) in metrics.items()}
            for step in range(40)
        ),
    )


def test_reinforcement_is_healthy_on_three_good_seeds() -> None:
    assert healthy([course(1), course(2), course(3)], 160).status is Status.HOLDS
    assert healthy([course(1)], 160).status is Status.NOT_RUN
    assert healthy([], 160).status is Status.NOT_RUN


@pytest.mark.parametrize(
    ("metric", "ends"),
    [
        ("reward", (0.5, 0.5)),
        ("kl", (0.0, 5.0)),
        ("entropy", (0.3, -0.02)),
        ("completions/mean_length", (30.0, 200.0)),
        ("format", (1.0, 0.5)),
        ("judgment_accuracy", (0.9, 0.5)),
        ("frac_reward_zero_std", (0.5, 1.0)),
    ],
)
def test_one_seed_gone_astray_refutes_its_health(metric: str, ends: tuple[float, float]) -> None:
    courses = [course(1), course(2), course(3, **{metric: ends})]

    assert healthy(courses, 160).status is Status.REFUTED
