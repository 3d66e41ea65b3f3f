"""How many rewards were lost to broken parts, and when that is too many."""

from collections.abc import Sequence
from typing import NoReturn

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
        """Count those of a step; raises `StageError` with the last reason where too many are lost.

        Too many is more than the allowed share of the whole run, or a step of which nothing is left: late in
        a long run a dead sandbox would not be noticed for many steps.
        """
        lost = [outcome.error for outcome in outcomes if outcome.passed is None]
        self.unjudged += len(lost)
        self.judged += len(outcomes) - len(lost)
        total = self.judged + self.unjudged
        if not lost or total < _LEAST:
            return
        if self.unjudged > self._most * total:
            self._stop(
                f"{self.unjudged} of {total} rewards are missing, more than grpo.most_unjudged "
                f"({self._most:.0%})",
                lost[-1],
            )
        if len(lost) == len(outcomes):
            self._stop(f"all {len(lost)} rewards of a step are missing", lost[-1])

    def _stop(self, what: str, failure: str | None) -> NoReturn:
        raise StageError(
            f"{what}: mend the generator or the sandbox and run the stage again, it goes on from its last "
            f"checkpoint. Last failure: {failure}"
        )
