"""What a caller wants done about a program that could not be judged."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field

from service.domain.ruling import Ruling, Status

ERROR, ABSTAIN = "error", "abstain"
_FALLBACK = "fallback:"

_SCORE = r"fallback:-?[0-9]{1,6}(\.[0-9]{1,6})?"

_ANY, _SCALAR = rf"^(error|abstain|{_SCORE})$", rf"^(error|{_SCORE})$"


def _told(pattern: str, choices: str) -> BeforeValidator:
    """Say what there is, as a pattern tells nobody."""

    def check(value: object) -> object:
        if isinstance(value, str) and not re.match(pattern, value):
            raise ValueError(f"must be {choices}, or a score that stands in, such as fallback:0.5")
        return value

    return BeforeValidator(check)


OnErrorText = Annotated[
    str,
    Field(
        pattern=_ANY,
        description="`error`: a part's failure is told as one. `abstain`: it is told as an abstention. "
        "`fallback:0.5`: what has no score gets this one, and is marked.",
        examples=[ERROR, ABSTAIN, "fallback:0.5"],
    ),
    _told(_ANY, "error, abstain"),
]

ScalarOnErrorText = Annotated[
    str,
    Field(
        pattern=_SCALAR,
        description="`error`: the request fails. `fallback:0.5`: what has no score gets this one. "
        "There is no abstaining where a reward must be a number.",
        examples=[ERROR, "fallback:0.5"],
    ),
    _told(_SCALAR, "error"),
]


@dataclass(frozen=True, slots=True)
class Told:
    """A ruling's status and score as the caller wants them told."""

    status: Status
    score: float | None
    fallback: bool


def told(ruling: Ruling, on_error: str) -> Told:
    """Tell a ruling. A fallback stands in for a missing score and never hides that one is missing."""
    if ruling.status is Status.OK:
        return Told(Status.OK, ruling.score, fallback=False)
    status = Status.ABSTAIN if on_error == ABSTAIN else ruling.status
    if on_error.startswith(_FALLBACK):
        return Told(status, float(on_error.removeprefix(_FALLBACK)), fallback=True)
    return Told(status, None, fallback=False)
