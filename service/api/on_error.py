"""What a caller wants done about a program that could not be judged."""

from typing import Annotated

from pydantic import Field

ERROR, ABSTAIN = "error", "abstain"
_FALLBACK = "fallback:"

OnErrorText = Annotated[
    str,
    Field(
        pattern=r"^(error|abstain|fallback:-?[0-9]{1,6}(\.[0-9]{1,6})?)$",
        description="`error`: a part's failure is told as one. `abstain`: it is told as an abstention. "
        "`fallback:0.5`: what has no score gets this one, and is marked.",
        examples=[ERROR, ABSTAIN, "fallback:0.5"],
    ),
]


def fallback_of(on_error: str) -> float | None:
    """Return the score that stands in for a missing one; None where none may."""
    return float(on_error.removeprefix(_FALLBACK)) if on_error.startswith(_FALLBACK) else None
