"""What the base model reads: proposals, critiques and revisions, in the service's own prompts.

Example `i` is a function of the seed, the index and how far training has come, so the corpus needs no
storage and a resumed run sees the same examples. As on the web, much of it is poor: programs have
slips, and blind critiques are often vague or wrong. Hinted critiques are careful, because the hint
carries the evidence; revisions do to the letter what the critique says, right or wrong.
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
from training.base.poor import poor_review
from training.tasks.mini import Problem, Split, make_problem
from training.tasks.pipeline import Pipeline
from training.tasks.review import Review, apply_edit, careful_review
from training.tasks.simulate import simulate
from training.tasks.slips import slip_count, with_slips


@dataclass(frozen=True, slots=True)
class Example:
    """A conversation and its continuation; only the continuation is learnt."""

    messages: list[Message]
    completion: str


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


def make_example(rng: random.Random, mix: Mix, noise: Noise) -> Example:
    """Draw one example."""
    makers: list[Callable[[random.Random, Noise, Problem], Example]] = [
        _write, _revise, partial(_critique, hinted=False), partial(_critique, hinted=True)
    ]  # fmt: skip
    maker = rng.choices(makers, (mix.write, mix.revise, mix.blind, mix.hinted))[0]
    return maker(rng, noise, make_problem(rng, Split.TRAIN))


def _write(rng: random.Random, noise: Noise, problem: Problem) -> Example:
    program = problem.reference
    if rng.random() < noise.slipped_programs:
        program = with_slips(rng, program, slip_count(rng), problem.inputs)
    return Example(GENERATOR_TEMPLATE.proposal(problem.task), fenced(program.code()))


def _critique(rng: random.Random, noise: Noise, problem: Problem, *, hinted: bool) -> Example:
    code = _draft(rng, noise, problem)
    review = careful_review(problem.reference, code)
    if not hinted:
        if rng.random() < noise.poor_critiques:
            review = poor_review(rng, problem.reference, code)
        return Example(CRITIC_TEMPLATE.request(problem.task, Candidate(code)), review.text())
    told = hint(problem.judged_task, simulate(problem, code))
    return Example(CRITIC_TEMPLATE.request(problem.task, Candidate(code), told), review.text())


def _revise(rng: random.Random, noise: Noise, problem: Problem) -> Example:
    code = _draft(rng, noise, problem)
    poor = rng.random() < noise.poor_in_revisions
    review = poor_review(rng, problem.reference, code) if poor else careful_review(problem.reference, code)
    messages = GENERATOR_TEMPLATE.revision(problem.task, Candidate(code), as_critique(review))
    return Example(messages, fenced(apply_edit(problem.reference, code, review.edit)))


def _draft(rng: random.Random, noise: Noise, problem: Problem) -> str:
    if rng.random() < noise.right_drafts:
        return problem.reference.code()
    return _garbled(rng, with_slips(rng, problem.reference, slip_count(rng), problem.inputs))


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
