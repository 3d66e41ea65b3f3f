"""Which round's candidate a refinement returns."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, partial

from service.domain.critique import Judgment
from service.domain.normal_form import normalized
from service.domain.refinement import Round, Selection
from service.domain.verdict import Verdict

Chain = Sequence[Round]


def select(chains: Sequence[Chain], selection: Selection) -> Round:
    """Pick a round.

    last: each chain's last round, and of several chains the best of these.
    best: the best of all rounds, so that no revision is returned that was judged worse than an earlier one.
    vote: of each chain's last rounds those that behave alike vote together; the largest party's best.
    """
    last = [chain[-1] for chain in chains]
    if selection is Selection.BEST:
        return _best([round_ for chain in chains for round_ in chain])
    return _elected(last) if selection is Selection.VOTE else _best(last)


def parsed_chars(chains: Sequence[Chain], selection: Selection) -> int:
    """Return how many characters a selection may have to parse."""
    return sum(len(chain[-1].candidate.code) for chain in chains) if selection is Selection.VOTE else 0


def _best(rounds: Sequence[Round]) -> Round:
    """Judged Correct first, then tests passed, then the critic's score; of equals the later round.

    A failed test refutes the judgment.
    """
    return max(rounds, key=lambda round_: (*_merit(round_), round_.index, -round_.chain))


def _merit(round_: Round) -> tuple[bool, bool, float]:
    critique, verdict = round_.critique, round_.verdict
    passed = verdict is not None and verdict.accepted
    refuted = verdict is not None and not verdict.accepted
    judged_correct = critique is not None and critique.judgment is Judgment.CORRECT
    score = critique.score if critique is not None and critique.score is not None else 0.0
    return judged_correct and not refuted, passed, score


def _elected(rounds: Sequence[Round]) -> Round:
    behave = partial(_behaviour, cache(normalized))  # chains may have begun with one and the same draft
    behaviours = list(map(behave, rounds))
    parties = Counter(behaviours)
    most = max(parties.values())
    return _best(
        [round_ for round_, behaviour in zip(rounds, behaviours, strict=True) if parties[behaviour] == most]
    )


def _behaviour(form: Callable[[str], str], round_: Round) -> object:
    """What a candidate did on the tests; its normal form where nothing ran."""
    verdict = round_.verdict
    return _outputs(verdict) if verdict and verdict.runs else form(round_.candidate.code)


def _outputs(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    return tuple((run.outcome.value, run.actual) for run in verdict.runs)
