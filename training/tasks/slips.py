"""Mistakes of the kind a programmer makes: one to three slips in a pipeline.

A slip changes what the program computes on the problem's tests, or it is no slip.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from training.tasks.operations import FINALS, STEPS, Operation
from training.tasks.pipeline import Pipeline, Step, random_step

SLIP_COUNTS = (1, 2, 3)
SLIP_WEIGHTS = (60, 28, 12)
_ATTEMPTS = 20


def slip_count(rng: random.Random) -> int:
    """How many slips a wrong draft has."""
    return rng.choices(SLIP_COUNTS, SLIP_WEIGHTS)[0]


def with_slips(rng: random.Random, pipeline: Pipeline, count: int, inputs: Sequence[object]) -> Pipeline:
    """Make `count` slips that together change the result on some of `inputs`.

    Returns the pipeline unchanged in the rare case that no attempt changes a result.
    """
    wanted = _results(pipeline, inputs)
    for _ in range(_ATTEMPTS):
        slipped = pipeline
        for _ in range(count):
            slipped = rng.choices(_SLIPS, _WEIGHTS)[0](rng, slipped)
        if _results(slipped, inputs) != wanted:
            return slipped
    return pipeline


def _results(pipeline: Pipeline, inputs: Sequence[object]) -> list[object]:
    compute = pipeline.compute()
    return [compute(value) for value in inputs]


def _other_constant(rng: random.Random, pipeline: Pipeline) -> Pipeline:
    places = [i for i, step in enumerate(pipeline.steps) if step.constant is not None]
    if not places:
        return _neighbour(rng, pipeline)
    index = rng.choice(places)
    step = pipeline.steps[index]
    others = [k for k in step.operation.constants if k != step.constant]
    near = [k for k in others if step.constant is not None and abs(k - step.constant) <= 2]
    return _with_step(pipeline, index, Step(step.operation, rng.choice(near or others)))


def _neighbour(rng: random.Random, pipeline: Pipeline) -> Pipeline:
    index = rng.randrange(len(pipeline.steps))
    step = pipeline.steps[index]
    operation = rng.choice(_family(pipeline, step.operation))
    keeps = step.constant in operation.constants
    constant = step.constant if keeps else (rng.choice(operation.constants) if operation.constants else None)
    return _with_step(pipeline, index, Step(operation, constant))


def _family(pipeline: Pipeline, operation: Operation) -> list[Operation]:
    table = (FINALS if operation.final else STEPS)[pipeline.kind]
    others = [op for op in table if op is not operation]
    return [op for op in others if op.family == operation.family] or others


def _any_step(rng: random.Random, pipeline: Pipeline) -> Pipeline:
    index = rng.randrange(len(pipeline.steps))
    table = FINALS if pipeline.steps[index].operation.final else STEPS
    return _with_step(pipeline, index, random_step(rng, table[pipeline.kind]))


def _missing(rng: random.Random, pipeline: Pipeline) -> Pipeline:
    if len(pipeline.steps) < 2:
        return _any_step(rng, pipeline)
    index = rng.randrange(len(pipeline.steps) - 1)
    return replace(pipeline, steps=pipeline.steps[:index] + pipeline.steps[index + 1 :])


def _extra(rng: random.Random, pipeline: Pipeline) -> Pipeline:
    index = rng.randrange(len(pipeline.steps))
    step = random_step(rng, STEPS[pipeline.kind])
    return replace(pipeline, steps=(*pipeline.steps[:index], step, *pipeline.steps[index:]))


def _swapped(rng: random.Random, pipeline: Pipeline) -> Pipeline:
    if len(pipeline.steps) < 3:
        return _neighbour(rng, pipeline)
    index = rng.randrange(len(pipeline.steps) - 2)
    first, second = pipeline.steps[index : index + 2]
    return replace(pipeline, steps=(*pipeline.steps[:index], second, first, *pipeline.steps[index + 2 :]))


def _with_step(pipeline: Pipeline, index: int, step: Step) -> Pipeline:
    return replace(pipeline, steps=(*pipeline.steps[:index], step, *pipeline.steps[index + 1 :]))


_Slip = Callable[[random.Random, Pipeline], Pipeline]
_SLIPS: tuple[_Slip, ...] = (_other_constant, _neighbour, _any_step, _missing, _extra, _swapped)
_WEIGHTS = (30, 28, 8, 14, 8, 12)
