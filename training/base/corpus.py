"""What the base model reads: proposals, critiques and revisions, in the service's own prompts.

A batch is a function of the seed, its index and how far training has come, so the corpus needs no
storage and a resumed run sees the same examples. As on the web, much of it is poor: programs have
slips, and blind critiques are often vague or wrong. Hinted critiques are careful, because the hint
carries the evidence; revisions do to the letter what the critique says, right or wrong.

A draft in a prompt is a program for that problem, and a critique in a prompt is one of that draft: both
are learnt where they stand, in the shares that `Noise` asks for, so one revision teaches all three skills.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from service.domain.chat import Message
from service.domain.critique import Critique, Judgment
from service.domain.hints import hint
from service.domain.task import Candidate
from service.domain.templates import CRITIC_TEMPLATE, GENERATOR_TEMPLATE, fenced
from training.base.misreading import misread
from training.base.poor import poor_review
from training.tasks.mini import Problem, Split, make_problem
from training.tasks.pipeline import Pipeline
from training.tasks.review import Review, apply_edit, careful_review
from training.tasks.simulate import simulate
from training.tasks.slips import slip_count, with_slips


@dataclass(frozen=True, slots=True)
class Example:
    """A conversation and its continuation; `also` are passages of the conversation that are learnt too."""

    messages: list[Message]
    completion: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of the corpus; they need not add up to one."""

    write: float
    revise: float
    blind: float
    hinted: float


@dataclass(frozen=True, slots=True)
class Noise:
    """How poor the corpus is, as probabilities."""

    slipped_programs: float = 0.45
    poor_critiques: float = 0.5
    right_drafts: float = 0.4
    poor_in_revisions: float = 0.3
    misreadings: float = 0.0
    """Of the critiques without evidence, whatever else they are: how many read some steps as another."""


def make_example(rng: random.Random, mix: Mix, noise: Noise) -> Example:
    """Draw one example."""
    makers: list[Callable[[random.Random, Noise, Problem], Example]] = [
        _write, _revise, partial(_critique, hinted=False), partial(_critique, hinted=True)
    ]  # fmt: skip
    maker = rng.choices(makers, (mix.write, mix.revise, mix.blind, mix.hinted))[0]
    return maker(rng, noise, make_problem(rng, Split.TRAIN, every_phrasing=maker is _write))


def _write(rng: random.Random, noise: Noise, problem: Problem) -> Example:
    program = problem.reference
    if rng.random() < noise.slipped_programs:
        program = with_slips(rng, program, slip_count(rng), problem.inputs)
    return Example(GENERATOR_TEMPLATE.proposal(problem.task), fenced(program.code()))


def _critique(rng: random.Random, noise: Noise, problem: Problem, *, hinted: bool) -> Example:
    draft = _draft(rng, noise, problem)
    told = hint(problem.judged_task, simulate(problem, draft.code)) if hinted else None
    poor = not hinted and rng.random() < noise.poor_critiques
    say = partial(poor_review, rng) if poor else careful_review
    read = problem.reference if hinted else _as_read(rng, noise, problem)
    messages = CRITIC_TEMPLATE.request(problem.task, Candidate(draft.code), told)
    return Example(messages, say(read, draft.code).text(), draft.learnt)


def _revise(rng: random.Random, noise: Noise, problem: Problem) -> Example:
    draft = _draft(rng, noise, problem)
    poor = rng.random() < noise.poor_in_revisions
    say = partial(poor_review, rng) if poor else careful_review
    review = say(_as_read(rng, noise, problem), draft.code)
    messages = GENERATOR_TEMPLATE.revision(problem.task, Candidate(draft.code), as_critique(review))
    learnt = _is_learnt(rng, poor=poor, share=noise.poor_in_revisions, wanted=noise.poor_critiques)
    also = (*draft.learnt, review.text()) if learnt else draft.learnt
    return Example(messages, fenced(apply_edit(problem.reference, draft.code, review.edit)), also)


def _as_read(rng: random.Random, noise: Noise, problem: Problem) -> Pipeline:
    """What a critic without evidence takes the problem to ask."""
    return misread(problem.reference) if rng.random() < noise.misreadings else problem.reference


@dataclass(frozen=True, slots=True)
class _Draft:
    code: str
    learnt: tuple[str, ...]
    """The fenced code if it is one of the programs to learn, else nothing."""


def _draft(rng: random.Random, noise: Noise, problem: Problem) -> _Draft:
    wrong = rng.random() >= noise.right_drafts
    code = problem.reference.code()
    if wrong:
        code = _garbled(rng, with_slips(rng, problem.reference, slip_count(rng), problem.inputs))
    learnt = _is_learnt(rng, poor=wrong, share=1 - noise.right_drafts, wanted=noise.slipped_programs)
    return _Draft(code, (fenced(code),) if learnt else ())


def _is_learnt(rng: random.Random, *, poor: bool, share: float, wanted: float) -> bool:
    """Thin out so that of what is learnt a share of `wanted` is poor, where a share of `share` is drawn."""
    poor_odds, good_odds = wanted * (1 - share), share * (1 - wanted)
    odds = poor_odds if poor else good_odds
    return rng.random() * max(poor_odds, good_odds) < odds


def _garbled(rng: random.Random, program: Pipeline) -> str:
    """Once in a while a line makes no sense, as a sampled program's may."""
    code = program.code()
    if rng.random() > 0.04:
        return code
    lines = code.strip("\n").split("\n")
    at = rng.randrange(1, len(lines))
    cut = rng.randrange(len(lines[at]) // 2, len(lines[at]))
    return (
        "\n".join([*lines[:at], lines[at][:cut] + rng.choice((")", "]", " 3", "x")), *lines[at + 1 :]]) + "\n"
    )


def as_critique(review: Review) -> Critique:
    """A review as the generator is shown it."""
    return Critique(review.text(), review.analysis, review.suggestions, Judgment(review.judgment))
