"""What a `/submit` comes down to: cases to judge out here, or one program that judges itself."""

from dataclasses import dataclass
from typing import Any

from sandbox_runner.api.fusion.extraction import Extracted
from sandbox_runner.domain.cases import Program, Submission


@dataclass(frozen=True, slots=True)
class Strong:
    """Cases whose expected outputs stay outside the jail."""

    submission: Submission
    shown: tuple[dict[str, Any], ...] | None
    """How each case is shown; None answers with one entry for all of them."""
    otherwise: "Weak | None" = None
    """What is left where the cases turn out to judge no program."""
    total_s: float | None = None
    """Wall-clock seconds that all cases may take together."""


@dataclass(frozen=True, slots=True)
class Weak:
    """A program that its own tests end, which then print the nonce: to reach the end is to pass."""

    program: Program
    nonce: str


@dataclass(frozen=True, slots=True)
class Question:
    extracted: Extracted
    how: Strong | Weak
    full_code: str | None = None
