"""What a step of the mini world can do, read from `operations.toml`."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from itertools import chain

from pydantic import BaseModel, ConfigDict

SEEN_PHRASINGS = 3
"""The canonical phrasing and two more. The fourth stands in no problem that a critique or a revision is
about before evaluation: the base model has met it in problems to write a program for."""
PHRASINGS = 4
_FINAL = "final"


class Kind(StrEnum):
    """What flows through a program."""

    NUMBERS = "numbers"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing a line can do. `{k}` in code and phrasings is one of `constants`."""

    kind: Kind
    family: str
    code: str
    phrasings: tuple[str, ...]
    constants: tuple[int, ...] = ()
    misread_as: str | None = None
    """Code of what careless readers take it for, of the same kind and without a constant."""

    @property
    def final(self) -> bool:
        """Whether it gives the result, and so ends a program."""
        return self.family == _FINAL


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    family: str
    code: str
    phrasings: tuple[str, str, str, str]
    constants: str | None = None
    misread_as: str | None = None


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")

    constants: dict[str, tuple[int, ...]]
    numbers: list[_Entry]
    text: list[_Entry]

    def operations(self, kind: Kind) -> tuple[Operation, ...]:
        """The operations of a kind, in the order of the file."""
        entries = self.numbers if kind is Kind.NUMBERS else self.text
        return tuple(
            Operation(
                kind,
                e.family,
                e.code,
                e.phrasings,
                self.constants[e.constants] if e.constants else (),
                e.misread_as,
            )
            for e in entries
        )


def _read() -> dict[Kind, tuple[Operation, ...]]:
    text = files("training.tasks").joinpath("operations.toml").read_text(encoding="utf-8")
    table = _Table.model_validate(tomllib.loads(text))
    return {kind: table.operations(kind) for kind in Kind}


_OPERATIONS = _read()
STEPS = {kind: tuple(op for op in ops if not op.final) for kind, ops in _OPERATIONS.items()}
FINALS = {kind: tuple(op for op in ops if op.final) for kind, ops in _OPERATIONS.items()}
ALL_OPERATIONS = tuple(chain(*STEPS.values(), *FINALS.values()))
