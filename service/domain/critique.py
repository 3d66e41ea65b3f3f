"""What a critic wrote about a candidate, taken apart."""

from dataclasses import dataclass
from enum import StrEnum


class Judgment(StrEnum):
    """The critic's last word on a candidate."""

    CORRECT = "correct"
    INCORRECT = "incorrect"


class Preference(StrEnum):
    """Which of two candidates a critic prefers, by the letters they are shown under."""

    FIRST = "a"
    SECOND = "b"
    TIE = "tie"


class Parsed(StrEnum):
    """How the critic's text was read: by the grammar, by guesswork, or not at all."""

    STRICT = "strict"
    LENIENT = "lenient"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Critique:
    """Analysis, suggestions and a judgment.

    `judgment` is None where none could be read.
    `score` is the probability of Correct in [0, 1], None where the critique could not be judged.
    `text` is what the generator is shown.
    """

    text: str
    analysis: str = ""
    suggestions: str = ""
    judgment: Judgment | None = None
    parsed: Parsed = Parsed.NONE
    score: float | None = None
