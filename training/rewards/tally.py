"""How many rewards were lost to broken parts, and when that is too many."""

from collections.abc import Sequence

from training.rewards.outcome import Outcome
from training.run import StageError

_LEAST = 50
"""Rewards before a share means anything."""


class Tally:
    """Counts over a whole run."""

    def __init__(self, most_unjudged: float) -> None:
        self._most = most_unjudged
        self.judged = self.unjudged = 0

    def count(self, outcomes: Sequence[Outcome]) -> None:
        """Count; raises `StageError` once more than the allowed share is lost, with the last reason."""
        lost = [outcome.error for outcome in outcomes if outcome.passed is None]
        self.unjudged += len(lost)
        self.judged += len(outcomes) - len(lost)
        total = self.judged + self.unjudged
        if lost and total >= _LEAST and self.unjudged > self._most * total:
            raise StageError(
                f"{self.unjudged} of {total} rewards are missing, more than grpo.most_unjudged "
                f"({self._most:.0%}): mend the generator or the sandbox and run the stage again, it goes on "
                f"from its last checkpoint. Last failure: {lost[-1]}"
            )
