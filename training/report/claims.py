"""The claims about refinement on the drafts of the run's own generator: 1, 2, 3, 6 and 8."""

from collections.abc import Sequence
from itertools import pairwise

from service.domain.estimate import difference, mean, mean_where
from training.evaluate import rows
from training.evaluate.findings import TEST, UNSTOPPED, Findings
from training.evaluate.group import Group
from training.evaluate.measures import changes
from training.report.claim import Claim, Part, exceeds, flags, not_run, percent, points, versus

_GOOD_ROUND = 5
_RELATIVE_GAIN = 0.8
_SHARE_OF_ORACLE = 0.85
_MOST_BROKEN = 0.01
_STALLED = 0.01
"""A rise smaller than this over the second half of the rounds is none."""


def better_each_stage(findings: Findings) -> Claim:
    """Claim 1."""
    group = findings.groups[TEST]
    parts = (
        exceeds("CTRL exceeds CTRL-SFT after one round", group, rows.CTRL, rows.SFT, 1),
        exceeds("CTRL-SFT exceeds self-critique after one round", group, rows.SFT, rows.SELF, 1),
        _resampling(group),
    )
    others = (rows.MOST_FREQUENT, rows.APPROVED)
    notes = [
        f"CTRL against {rows.NAMES[other]}, two rounds: {exceeds('', group, rows.CTRL, other, 2).figures}"
        for other in others
    ]
    return Claim(1, "Each stage of training helps", parts, tuple(notes))


def _resampling(group: Group) -> Part:
    statement = "CTRL exceeds a fresh resample within two rounds, at equal generator samples"
    tried = [exceeds(statement, group, rows.CTRL, rows.RESAMPLE, number) for number in (1, 2)]
    return next((part for part in tried if part.holds), tried[-1])


def breaks_least(findings: Findings) -> Claim:
    """Claim 2: of the critics that are models and are told nothing of the tests."""
    group = findings.groups[TEST]
    others = [key for key in (rows.SELF, rows.LARGER, rows.SFT) if key in group.trials]
    parts = [_breaks_no_more(group, other) for other in others]
    equal = [part.statement for part in parts if "the same" in part.figures]
    notes = (f"Shared, as the figure is the same: {len(equal)} of {len(parts)}.",) if equal else ()
    if not parts:
        parts = [not_run("CTRL breaks the fewest right drafts", "no other learnt critic")]
    return Claim(2, "CTRL breaks the fewest right programs of all learnt critics", tuple(parts), notes)


def _breaks_no_more(group: Group, other: str) -> Part:
    right = group.trials[rows.CTRL].passed[0]
    places = [place for place, flag in enumerate(right) if flag]
    ours, theirs = (
        [not flags(group.trials[key], 1)[place] for place in places] for key in (rows.CTRL, other)
    )
    statement = f"of right drafts, one round of CTRL breaks no more than {group.trials[other].name}"
    if not places:
        return not_run(statement, "no draft is right")
    figures = versus(ours, theirs, [group.labels[place] for place in places])
    same = "; the same" if sum(ours) == sum(theirs) else ""
    return Part(statement, figures + same, sum(ours) <= sum(theirs))


def keeps_rising(findings: Findings) -> Claim:
    """Claim 3."""
    group = findings.groups[TEST]
    parts = (_never_falls(group), _stalls(group), _far_enough(group), _breaks_little(group))
    return Claim(3, "CTRL gains over rounds and self-critique stalls", parts, _unstopped(findings))


def _never_falls(group: Group) -> Part:
    passed = group.trials[rows.CTRL].passed
    steps = [difference(b, a, group.labels) for a, b in pairwise(passed)]
    whole = difference(passed[-1], passed[min(1, len(passed) - 1)], group.labels)
    falls = sum(step.is_below_zero for step in steps)
    figures = f"{_course(group, rows.CTRL)}; {falls} falls; {points(whole)} from round 1 to the last"
    return Part("CTRL rises or holds from each round to the next", figures, not falls and whole.value >= 0)


def _stalls(group: Group) -> Part:
    passed = group.trials[rows.SELF].passed
    middle = len(passed) // 2
    rise = difference(passed[-1], passed[middle], group.labels)
    figures = f"{_course(group, rows.SELF)}; {points(rise)} from round {middle} to the last"
    return Part(
        "self-critique rises by less than a point over the later rounds", figures, rise.value < _STALLED
    )


def _far_enough(group: Group) -> Part:
    ctrl = mean(flags(group.trials[rows.CTRL], _GOOD_ROUND), group.labels).value
    start = mean(group.trials[rows.CTRL].passed[0], group.labels).value
    relative = (ctrl - start) / start if start else float("inf") if ctrl else 0.0
    statement = f"by round {_GOOD_ROUND} CTRL gains {_RELATIVE_GAIN:.0%} over zero-shot"
    figures = f"{percent(start)} to {percent(ctrl)}: {relative:+.0%} relative"
    if rows.ORACLE not in group.trials:
        return Part(statement, figures, relative >= _RELATIVE_GAIN)
    oracle = mean(flags(group.trials[rows.ORACLE], _GOOD_ROUND), group.labels).value
    of_oracle = (ctrl - start) / (oracle - start) if oracle > start else 0.0
    return Part(
        f"{statement} or {_SHARE_OF_ORACLE:.0%} of what the oracle lifts",
        f"{figures}, {of_oracle:.0%} of the oracle's lift",
        relative >= _RELATIVE_GAIN or of_oracle >= _SHARE_OF_ORACLE,
    )


def _breaks_little(group: Group) -> Part:
    _, down = changes(group.trials[rows.CTRL].until(_GOOD_ROUND))
    share = mean(down, group.labels)
    statement = f"by round {_GOOD_ROUND} CTRL's Δ↓ is at most one point"
    return Part(statement, f"{percent(share.value)} ± {100 * share.error:.1f}", share.value <= _MOST_BROKEN)


def _unstopped(findings: Findings) -> tuple[str, ...]:
    group = findings.groups.get(UNSTOPPED)
    if group is None:
        return ()
    keys = [rows.unstopped_row(key) for key in (rows.SELF, rows.SFT, rows.CTRL)]
    return tuple(f"{group.trials[key].name}: {_course(group, key)}" for key in keys if key in group.trials)


def _course(group: Group, key: str) -> str:
    shares = [100 * mean(row, group.labels).value for row in group.trials[key].passed]
    return " ".join(f"{share:.1f}" for share in shares)


def helps_at_every_length(findings: Findings) -> Claim:
    """Claim 6; the paper's relative gains grow with difficulty (its Fig. 5)."""
    group = findings.groups[TEST]
    lengths = group.known_lengths
    ctrl = group.trials[rows.CTRL]
    parts = []
    for length in lengths:
        places = group.of_length(length)
        cut, labels = ctrl.only(places), [group.labels[place] for place in places]
        lift = difference(cut.passed[-1], cut.passed[0], labels)
        figures = f"{percent(mean(cut.passed[0], labels).value)} at first, {points(lift)}"
        parts.append(Part(f"CTRL lifts problems of {length} steps", figures, lift.is_above_zero))
    return Claim(6, "CTRL helps at every difficulty, more at greater ones", (*parts, _grows(group, lengths)))


def _grows(group: Group, lengths: Sequence[int]) -> Part:
    statement = "the relative gain is greater for the longest problems than for the shortest"
    if len(lengths) < 2:
        return not_run(statement, "problems of one length only" if lengths else "nobody knows their steps")
    gains = [relative_gain(group, rows.CTRL, length) for length in lengths]
    figures = ", ".join(f"{length} steps {gain:+.0%}" for length, gain in zip(lengths, gains, strict=True))
    return Part(statement, figures, gains[-1] > gains[0])


def relative_gain(group: Group, key: str, length: int) -> float:
    """Growth of pass@1 over zero-shot on problems of a length; infinite from zero."""
    cut = group.trials[key].only(group.of_length(length))
    first, last = sum(cut.passed[0]), sum(cut.passed[-1])
    if first:
        return last / first - 1
    return float("inf") if last else 0.0


def changes_more(findings: Findings) -> Claim:
    """Claim 8: the paper measures 0.313 against 0.482, in a loop that never stops and revises every draft."""
    title = "CTRL changes more of a program than self-critique"
    group = findings.groups.get(UNSTOPPED)
    statement = "where every draft is revised, CTRL's first revisions are less like their drafts"
    if group is None:
        return Claim(8, title, (not_run(statement, "no rows that never stop"),))
    ours, theirs = (group.trials[rows.unstopped_row(key)].similarity for key in (rows.CTRL, rows.SELF))
    part = Part(statement, *_likeness(ours, theirs, group.labels))
    stopped = findings.groups[TEST]
    ours, theirs = (stopped.trials[key].similarity for key in (rows.CTRL, rows.SELF))
    figures, _ = _likeness(ours, theirs, stopped.labels)
    return Claim(8, title, (part,), (f"Where Correct ends a refinement: {figures}.",))


def _likeness(
    ours: Sequence[float | None], theirs: Sequence[float | None], labels: Sequence[str]
) -> tuple[str, bool | None]:
    """Mean similarities, their difference on the drafts that both revised, and whether ours is below."""
    both = [place for place in range(len(ours)) if ours[place] is not None and theirs[place] is not None]
    if not both:
        return "no draft that both revised", None
    paired = difference(
        [ours[i] or 0.0 for i in both], [theirs[i] or 0.0 for i in both], [labels[i] for i in both]
    )
    mine, other = (
        mean_where([v is not None for v in values], [v or 0.0 for v in values], labels)
        for values in (ours, theirs)
    )
    figures = (
        f"{mine.value:.3f} ± {mine.error:.3f} of {mine.samples} against "
        f"{other.value:.3f} ± {other.error:.3f} of {other.samples}; on the {len(both)} drafts "
        f"that both revised {paired.value:+.3f} ± {paired.error:.3f}"
    )
    return figures, paired.is_below_zero
