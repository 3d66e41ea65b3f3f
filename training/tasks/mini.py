"""The mini world: small Python problems made by the thousand, from a seed.

A problem is a pipeline of operations told in English; its tests come from running the reference.
Splits are by composition (the operations without constants), by hash: no test composition is ever
seen in training. The out-of-distribution splits hold longer pipelines, and phrasings that no critique in
training was about.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from service.domain.task import CallTest, StdinTest, Task, Test
from training.tasks.operations import PHRASINGS, SEEN_PHRASINGS, Kind
from training.tasks.pipeline import ENTRY_POINT, Pipeline, Shape, random_pipeline

PUBLIC_TESTS = 2
HIDDEN_TESTS = 10
_SHAPES = (Shape.LIST_FUNCTION, Shape.TEXT_FUNCTION, Shape.STDIN_PROGRAM)
_SHAPE_WEIGHTS = (45, 35, 20)
_LENGTHS = (1, 2, 3)
_LENGTH_WEIGHTS = (15, 40, 45)
_LONGER = (4, 5)


class Split(StrEnum):
    """Which problems; the `ood` ones are for evaluation only."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    OOD_LONGER = "ood_longer"
    OOD_PHRASING = "ood_phrasing"


@dataclass(frozen=True, slots=True)
class Problem:
    """A task with its reference solution and the tests that decide.

    `task.tests` are the public examples; `hidden` decides; `inputs` are those of all tests.
    """

    id: str
    task: Task
    hidden: tuple[Test, ...]
    reference: Pipeline
    inputs: tuple[object, ...]
    time_limit_s: float | None = None
    """CPU time of one test; None leaves it to the sandbox."""

    @property
    def judged_task(self) -> Task:
        """The task with all its tests, for the sandbox; never for a model."""
        return replace(self.task, tests=(*self.task.tests, *self.hidden))


@dataclass(frozen=True, slots=True)
class _Frame:
    """A way to tell a pipeline: how it opens, what stands between steps, how it asks for the result."""

    opening: str
    between: str
    closing: str


_FRAMES = (
    _Frame("Given {noun}: ", ", then ", ". Give {final}."),
    _Frame("Start from {noun}. First, ", ", next, ", ". The result is {final}."),
    _Frame("You get {noun}. Do this: ", "; ", ". Answer with {final}."),
    _Frame("Take {noun}, ", ", after that ", ", and report {final}."),
)
_NOUNS = {
    Shape.LIST_FUNCTION: "a list of numbers",
    Shape.TEXT_FUNCTION: "a text",
    Shape.STDIN_PROGRAM: "a line of numbers",
}


def make_problem(rng: random.Random, split: Split, *, every_phrasing: bool = False) -> Problem:
    """Draw a problem of the split, in the phrasings of that split or in all there are."""
    while True:
        shape = rng.choices(_SHAPES, _SHAPE_WEIGHTS)[0]
        length = (
            rng.choice(_LONGER) if split is Split.OOD_LONGER else rng.choices(_LENGTHS, _LENGTH_WEIGHTS)[0]
        )
        pipeline = random_pipeline(rng, shape, length)
        if _belongs(pipeline, split):
            inputs = tuple(_random_input(rng, pipeline.kind) for _ in range(PUBLIC_TESTS + HIDDEN_TESTS))
            if _is_telling(pipeline, inputs):
                phrasings = range(PHRASINGS) if every_phrasing else _phrasings(split)
                return _problem(pipeline, statement(rng, pipeline, phrasings), inputs)


def problems(split: Split, seed: int, count: int) -> Iterator[Problem]:
    """The first `count` distinct problems of a split under a seed."""
    rng = random.Random(f"{seed}:{split}")
    seen: set[str] = set()
    while len(seen) < count:
        problem = make_problem(rng, split)
        if problem.id not in seen:
            seen.add(problem.id)
            yield problem


def composition_split(pipeline: Pipeline) -> Split:
    """The split that owns a composition: 90 % train, 4 % validation, 6 % test."""
    share = int(hashlib.sha256(pipeline.composition.encode()).hexdigest()[:8], 16) % 100
    return Split.TRAIN if share < 90 else Split.VALIDATION if share < 94 else Split.TEST


def _phrasings(split: Split) -> range:
    return range(SEEN_PHRASINGS, PHRASINGS) if split is Split.OOD_PHRASING else range(SEEN_PHRASINGS)


def statement(rng: random.Random, pipeline: Pipeline, phrasings: Sequence[int]) -> str:
    """Tell the pipeline in English; each step, and the frame, in one of `phrasings`."""
    frame = _FRAMES[rng.choice(phrasings)]
    phrases = [step.phrase(rng.choice(phrasings)) for step in pipeline.steps]
    body = frame.between.join(phrases[:-1])
    return (frame.opening + body + frame.closing).format(noun=_NOUNS[pipeline.shape], final=phrases[-1])


def _belongs(pipeline: Pipeline, split: Split) -> bool:
    if split in (Split.OOD_LONGER, Split.OOD_PHRASING):
        return True
    return composition_split(pipeline) is split


def _is_telling(pipeline: Pipeline, inputs: tuple[object, ...]) -> bool:
    """Whether the answers differ enough that a constant cannot pass."""
    compute = pipeline.compute()
    return len({repr(compute(value)) for value in inputs}) >= 4 or _is_boolean(pipeline, inputs)


def _is_boolean(pipeline: Pipeline, inputs: tuple[object, ...]) -> bool:
    compute = pipeline.compute()
    return {compute(value) for value in inputs} == {True, False} if "==" in pipeline.steps[-1].code else False


def _problem(pipeline: Pipeline, text: str, inputs: tuple[object, ...]) -> Problem:
    compute = pipeline.compute()
    tests = tuple(_test(pipeline.shape, value, compute(value)) for value in inputs)
    entry_point = None if pipeline.shape is Shape.STDIN_PROGRAM else ENTRY_POINT
    digest = hashlib.sha256(f"{pipeline.shape}:{text}".encode()).hexdigest()[:12]
    task = Task(text, entry_point, tests[:PUBLIC_TESTS])
    return Problem(f"mini-{digest}", task, tests[PUBLIC_TESTS:], pipeline, inputs)


def _test(shape: Shape, value: object, result: object) -> Test:
    if shape is Shape.STDIN_PROGRAM:
        assert isinstance(value, list)
        return StdinTest(" ".join(map(str, value)) + "\n", f"{result}\n")
    return CallTest((value,), result)


def _random_input(rng: random.Random, kind: Kind) -> object:
    if kind is Kind.NUMBERS:
        return [rng.randint(-9, 20) for _ in range(rng.choice((4, 5, 6, 7, 8)))]
    return _random_text(rng)


def _random_text(rng: random.Random) -> str:
    if rng.random() < 0.12:
        half = "".join(rng.choice("abcde12") for _ in range(rng.randint(2, 4)))
        return half + half[::-1]
    words = [
        "".join(rng.choice("aabcdeeghiknorstuABEKRST0147") for _ in range(rng.randint(2, 5)))
        for _ in range(rng.randint(2, 3))
    ]
    return " ".join(words)
