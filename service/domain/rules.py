"""How a refinement proceeds: its rules, who plays which part, how they decode, and where it starts."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from service.domain.chat import Sampling
from service.domain.ports import Critic, Generator, Sandbox
from service.domain.refinement import Budget, Feedback, Round, Selection, StopRule
from service.domain.task import Candidate

Watch = Callable[[int, int], AbstractContextManager[Callable[[Round], None]]]
"""Entered, in a chain's own task, around the work at a round; then called with what the round became."""


def _always() -> bool:
    return True


def _unwatched(chain: int, index: int) -> AbstractContextManager[Callable[[Round], None]]:
    return nullcontext(lambda _: None)


_SAMPLED = Sampling(temperature=0.7, top_p=0.8, max_tokens=1024)
_GREEDY = Sampling(temperature=0.0, max_tokens=1024)


@dataclass(frozen=True, slots=True)
class Rules:
    """How a refinement proceeds, ends, and picks its candidate."""

    budget: Budget = field(default_factory=Budget)
    candidates: int = 1
    stop: StopRule = StopRule.JUDGED_CORRECT
    feedback: Feedback = Feedback.BLIND
    select: Selection = Selection.LAST
    deltas: bool = True
    """Whether completions are told of; without, they are asked for whole."""
    heard: bool = True
    """Whether anybody hears what happens before the end; without, a single chain tells nothing of it."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Who writes, who reviews, who runs, who looks on."""

    generator: Generator
    critic: Critic
    sandbox: Sandbox | None = None
    watch: Watch = _unwatched
    is_read: Callable[[], bool] = _always
    """Whether anybody reads along, asked before each completion; if not, it is told in one delta."""
    allowance: Callable[[], Awaitable[bool]] | None = None
    """Waited for before each completion: whether whoever pays allows it. None is always."""


@dataclass(frozen=True, slots=True)
class RefineSampling:
    """How each kind of completion is decoded; the defaults are the paper's (C.4)."""

    propose: Sampling = _SAMPLED
    critique: Sampling = _SAMPLED
    revise: Sampling = _GREEDY


@dataclass(frozen=True, slots=True)
class Start:
    """What there is already: a draft, and the rounds that were finished before an interruption."""

    draft: Candidate | str | None = None
    """As a text, it is still to be taken out of it."""
    rounds: tuple[Round, ...] = ()
