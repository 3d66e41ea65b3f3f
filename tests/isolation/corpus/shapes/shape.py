"""Tests of one shape, and programs for them."""

from dataclasses import dataclass

from sandbox_runner.domain.cases import Case


@dataclass(frozen=True, slots=True)
class Shape:
    case: Case
    right: str
    wrong: tuple[str, ...]
    weak: tuple[str, ...] = ()
    """Wrong ones that may pass, but not unmarked."""
