"""Misreading a problem, as most readers do who do not run the program: what no number of votes mends."""

from dataclasses import replace

from training.tasks.operations import ALL_OPERATIONS
from training.tasks.pipeline import Pipeline, Step

_BY_CODE = {(operation.kind, operation.code): operation for operation in ALL_OPERATIONS}


def misread(reference: Pipeline) -> Pipeline:
    """What a careless reader takes the problem to ask; often the same."""
    return replace(reference, steps=tuple(_misread_step(step) for step in reference.steps))


def _misread_step(step: Step) -> Step:
    mistaken = step.operation.misread_as
    return step if mistaken is None else Step(_BY_CODE[step.operation.kind, mistaken])
