"""Whether the generator does what a critique says; without that no critic can learn from its revisions."""

from collections.abc import Mapping, Sequence

from service.domain.critique import Judgment
from service.domain.parsing import render_critique
from training.rewards.desk import RewardDesk
from training.rewards.outcome import Submission, Target
from training.run import Record, StageError

CONTENTLESS = render_critique("The code is wrong.", "Check the code once more.", Judgment.INCORRECT)
_DRAFTS = 200


def require_leverage(
    desk: RewardDesk, targets: Mapping[str, Target], critiques: Sequence[Record], least: float
) -> float:
    """Return how much more of the wrong drafts hinted critiques repair than contentless ones do.

    `critiques` are those of stage I: written with the tests' results in view, they are the best there are
    on real problems. Raises `StageError` below `least`.
    """
    wrong = [record for record in critiques if not record["right"]][:_DRAFTS]
    if not wrong:
        raise StageError(
            "no hinted critique of a wrong draft is there to measure leverage with: run `synthesize`"
        )
    hinted = _repaired(desk, targets, wrong, None)
    contentless = _repaired(desk, targets, wrong, CONTENTLESS)
    leverage = hinted - contentless
    if leverage < least:
        raise StageError(
            f"hinted critiques repair {hinted:.0%} of the wrong drafts, contentless ones {contentless:.0%}: "
            f"less leverage than grpo.least_leverage ({least:.0%}), so rewards would say little about "
            "critiques. Take a generator that follows critiques, or harder problems"
        )
    return leverage


def _repaired(
    desk: RewardDesk, targets: Mapping[str, Target], wrong: Sequence[Record], text: str | None
) -> float:
    submissions = [
        Submission(targets[str(record["id"])], str(record["code"]), text or str(record["critique"]))
        for record in wrong
    ]
    outcomes = [future.result() for future in [desk.submit(submission) for submission in submissions]]
    judged = [outcome for outcome in outcomes if outcome.passed is not None]
    if not judged:
        raise StageError(f"no revision could be judged: {outcomes[0].error}")
    return sum(bool(outcome.passed) for outcome in judged) / len(judged)
