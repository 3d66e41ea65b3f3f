"""Trials on the same drafts, and how `evaluation.json` keeps them: flags as digits, one an item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.domain.critique import Judgment
from training.evaluate.trial import Flags, Marks, Trial
from training.run import Record

_LETTERS = {Judgment.CORRECT: "C", Judgment.INCORRECT: "I", None: "-"}
_JUDGMENTS = {letter: judgment for judgment, letter in _LETTERS.items()}
_DIGITS = {True: "1", False: "0", None: "-"}
_KNOWN = {digit: flag for flag, digit in _DIGITS.items()}


UNKNOWN = 0
"""Steps of a problem that has no reference to count them by."""


@dataclass(frozen=True, slots=True)
class Group:
    """Trials by key. Item i is of problem `i % problems`; `lengths[p]` is how many steps problem p has."""

    lengths: tuple[int, ...]
    samples: int
    trials: Mapping[str, Trial]

    @property
    def problems(self) -> int:
        return len(self.lengths)

    @property
    def labels(self) -> list[str]:
        """The problem of each item."""
        return [str(place % self.problems) for place in range(self.problems * self.samples)]

    @property
    def known_lengths(self) -> list[int]:
        """Which lengths there are, the shortest first."""
        return sorted(set(self.lengths) - {UNKNOWN})

    def of_length(self, length: int) -> list[int]:
        """Places of the items whose problem has so many steps."""
        return [
            place
            for place in range(self.problems * self.samples)
            if self.lengths[place % self.problems] == length
        ]

    def to_json(self) -> Record:
        return {
            "lengths": list(self.lengths),
            "samples": self.samples,
            "trials": {key: trial_to_json(trial) for key, trial in self.trials.items()},
        }


def group_from_json(record: Mapping[str, Any]) -> Group:
    """Read what `Group.to_json` wrote."""
    trials = {key: trial_from_json(trial) for key, trial in record["trials"].items()}
    return Group(tuple(record["lengths"]), record["samples"], trials)


def trial_to_json(trial: Trial) -> Record:
    """One trial, compactly."""
    return {
        "name": trial.name,
        "passed": [_digits(row) for row in trial.passed],
        "tokens": [list(row) for row in trial.tokens],
        "judged": "".join(_LETTERS[judgment] for judgment in trial.judged),
        "strict": _digits(trial.strict),
        "similarity": list(trial.similarity),
        "advice": _digits(trial.advice),
        "letter": _digits(trial.letter),
    }


def trial_from_json(record: Mapping[str, Any]) -> Trial:
    """Read what `trial_to_json` wrote."""
    return Trial(
        name=record["name"],
        passed=tuple(_flags(row) for row in record["passed"]),
        tokens=tuple(tuple(row) for row in record["tokens"]),
        judged=tuple(_JUDGMENTS[letter] for letter in record["judged"]),
        strict=_flags(record["strict"]),
        similarity=tuple(record["similarity"]),
        # Evaluations of before these were noted are still reported.
        advice=_marks(record.get("advice", "")),
        letter=_marks(record.get("letter", "")),
    )


def _digits(flags: Sequence[bool | None]) -> str:
    return "".join(_DIGITS[flag] for flag in flags)


def _flags(digits: str) -> Flags:
    return tuple(digit == "1" for digit in digits)


def _marks(digits: str) -> Marks:
    return tuple(_KNOWN[digit] for digit in digits)
