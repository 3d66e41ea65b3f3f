"""A right and a wrong program for one problem, of which a reward model shall prefer the right one."""

import random
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

from training.base.misreading import misread
from training.evaluate.critics import Reviewed
from training.evaluate.judge import Judge
from training.tasks.mini import Problem, Split, problems
from training.tasks.pipeline import Pipeline

DRAFTS = "drafts"
"""What the generator wrote: most differences are plain to see, and the longer one looks the plainer."""
MISREAD = "misread"
"""The solution beside what a careless reader takes the problem to ask: no number of votes mends that."""
_MANY = 10_000
"""Problems of the test split looked through for those that are easily misread: one in twelve is."""

Pair = tuple[Reviewed, Reviewed]
"""A right and a wrong program of one problem."""


def draw_pairs(drafts: Sequence[Reviewed], count: int, seed: int) -> list[Pair]:
    """Pair distinct programs of one problem: one pair a problem, and more of each only where too few."""
    rng = random.Random(f"{seed}:pairs")
    by_problem: dict[str, tuple[dict[str, Reviewed], dict[str, Reviewed]]] = defaultdict(lambda: ({}, {}))
    for item in drafts:
        by_problem[item.problem.id][item.accepted][item.code] = item
    pairs = [
        sorted(((r, w) for r in right.values() for w in wrong.values()), key=lambda _: rng.random())
        for wrong, right in by_problem.values()
    ]
    layers = max(map(len, pairs), default=0)
    in_turn = [group[depth] for depth in range(layers) for group in pairs if depth < len(group)]
    return in_turn[:count]


def misread_pairs(judge: Judge, count: int, seed: int) -> list[Pair]:
    """Pair solutions with misreadings of their problems, where the tests tell them apart."""
    easily = (p for p in problems(Split.TEST, seed, _MANY) if misread(p.reference) != p.reference)
    drawn = [
        (_judged(judge, problem, problem.reference), _judged(judge, problem, misread(problem.reference)))
        for problem in islice(easily, count)
    ]
    return [(right, wrong) for right, wrong in drawn if right.accepted and not wrong.accepted]


def _judged(judge: Judge, problem: Problem, program: Pipeline) -> Reviewed:
    code = program.code()
    return Reviewed(problem, code, judge.submit(problem, code))
