"""A task as a data set tells it, on its way to `tasks.jsonl`."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from service.domain.task import Test
from training.tasks.records import test_to_json


class Unusable(StrEnum):
    """Why a test was left out; the task may live without it."""

    UNREADABLE = "tests cannot be read as JSON"
    NO_STDIN_TEXT = "stdin is no text"
    ASSIGNMENT = 'stdin has " = "'
    EMPTY_LIST = 'stdin has "[]"'
    NO_OUTPUT_TEXT = "stdout is no text"
    BARE_ARGUMENTS = "arguments are no list"
    NOT_FINITE = "a number is not finite"
    NO_NAME = "fn_name is no name of a function"
    FILES = "input or output is a file"
    BEYOND_LIMIT = "beyond tests_limit"
    TOO_LARGE = "beyond tests_bytes, or an assert too long for the sandbox"


def is_finite(value: object) -> bool:
    """Whether JSON can spell every number of a value."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class SourceTask:
    """`public` tests may be shown, `hidden` ones decide with them; `place` is where the row stands."""

    place: str
    source: str
    problem: str
    public: tuple[Test, ...]
    hidden: tuple[Test, ...]
    entry_point: str | None = None
    given_id: str | None = None
    difficulty: str | None = None
    time_limit_s: float | None = None
    """CPU time of one test; None leaves it to the sandbox."""
    reference: str | None = None
    """A program said to be right; nothing here has run it."""
    day: date | None = None
    """Of the contest."""
    usual_imports: bool = False
    """Whether the set's own judge imports the usual modules before a program is run."""
    unusable: Counter[Unusable] = field(default_factory=Counter)

    @property
    def id(self) -> str:
        """The set's own id, or a hash of the statement: never the number of the row."""
        if self.given_id is not None:
            return self.given_id
        digest = hashlib.sha256(self.squeezed.encode("utf-8", "replace")).hexdigest()
        return f"{self.source}-{digest[:12]}"

    @property
    def squeezed(self) -> str:
        """The statement with every run of white space as one blank."""
        return " ".join(self.problem.split())

    def to_json(self) -> dict[str, object]:
        """The record that the other stages read."""
        record: dict[str, object] = {
            "id": self.id,
            "problem": self.problem,
            "entry_point": self.entry_point,
            "tests": [test_to_json(test) for test in self.public],
            "hidden_tests": [test_to_json(test) for test in self.hidden],
            "source": self.source,
        }
        optional = {
            "difficulty": self.difficulty,
            "time_limit_s": self.time_limit_s,
            "reference": self.reference,
            "usual_imports": self.usual_imports or None,
        }
        return record | {name: value for name, value in optional.items() if value is not None}
