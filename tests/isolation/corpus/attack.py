"""One hostile program, with the verdicts it may get: the row type of every table here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sandbox_runner.domain.verdict import Outcome

PREAMBLE = """
import ctypes, mmap, os, resource, signal, socket, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def checked(value):
    if value == -1: raise OSError(ctypes.get_errno(), 'refused')
    return value
def call(*a):
    wide = [ctypes.c_long(x) if isinstance(x, int) else x for x in a]
    return checked(libc.syscall(*wide))
def prctl(*a): return checked(libc.prctl(*map(ctypes.c_ulong, a), *[ctypes.c_ulong(0)] * (5 - len(a))))
"""

_REFUSAL = """
def f(bait):
    try:
        {action}
    except (OSError, ValueError, ImportError, AttributeError):
        return 'refused'
    return 'done'
"""


class Kind(StrEnum):
    SCRIPT = "script"
    """It runs as a program whose right output is empty."""
    CALL = "call"
    """Its `f` is called, and 4 would be right."""
    REFUSAL = "refusal"
    """Its `f` tries, and says "refused" when told no."""


@dataclass(frozen=True, slots=True)
class Attack:
    id: str
    """The row of the attack list, such as A13; X rows are not on any list."""
    name: str
    code: str
    outcomes: frozenset[Outcome]
    kind: Kind = Kind.SCRIPT
    limits: Mapping[str, Any] = field(default_factory=dict)
    expected: object = 4
    """The value or output that would be right; it never enters the box. A called attack gets 3."""
    needs_namespaces: bool = False
    """Only a box of its own lets it start: it forks, or writes to the scratch directory."""

    @property
    def label(self) -> str:
        return f"{self.id}: {self.name}"


def script(id: str, name: str, code: str, *outcomes: Outcome, **limits: float) -> Attack:  # noqa: A002
    return Attack(id, name, PREAMBLE + code, frozenset(outcomes), limits=limits, expected="")


def forking(id: str, name: str, code: str, *outcomes: Outcome, **limits: float) -> Attack:  # noqa: A002
    """A script that may have children, which takes a process namespace."""
    several = {"processes": 4, **limits}
    attack = script(id, name, code, *outcomes, **several)
    return replace(attack, needs_namespaces=True)


def call(id: str, name: str, code: str, *outcomes: Outcome, **limits: float) -> Attack:  # noqa: A002
    return Attack(id, name, PREAMBLE + code, frozenset(outcomes), Kind.CALL, limits)


def refused(id: str, name: str, action: str) -> Attack:  # noqa: A002
    """An action that must fail with an error which an honest program could handle."""
    body = action.replace("\n", "\n        ")
    code = PREAMBLE + _REFUSAL.replace("{action}", body)
    return Attack(id, name, code, frozenset({Outcome.ACCEPTED}), Kind.REFUSAL, expected="refused")


def fatal(id: str, name: str, action: str) -> Attack:  # noqa: A002
    """A system call that no honest program makes; it must kill."""
    code = f"{PREAMBLE}\ndef f(x):\n    {action}\n    return 4\n"
    return Attack(id, name, code, frozenset({Outcome.FORBIDDEN_SYSCALL}), Kind.CALL)


def printing(id: str, name: str, code: str, right: str, *outcomes: Outcome) -> Attack:  # noqa: A002
    """A script that would be accepted if it printed `right`."""
    return replace(script(id, name, code, *outcomes), expected=right)


def seeking(id: str, name: str, code: str, right: object) -> Attack:  # noqa: A002
    """A function that looks for the expected value where it might be; it must not be accepted."""
    return replace(call(id, name, code, Outcome.WRONG_ANSWER, Outcome.RUNTIME_ERROR), expected=right)
