"""What every shim does: read the task, wait for a place, judge, and insist on scores where it must."""

from collections.abc import Sequence

from fastapi import Request
from pydantic import ValidationError

from service.api.compat.profile import TestedProfile
from service.api.drain import while_wanted
from service.api.judging import Judged, Order, judged
from service.api.on_error import ERROR, told
from service.api.problems import field_error
from service.api.task import TaskFields
from service.domain.errors import CriticError, RequestError
from service.domain.ground_truth import read_truth
from service.domain.ruling import Ruling
from service.domain.task import Task
from service.reader import Unread, read_cases
from service.services import Services


def task_from(problem: str, truth: object, field: str) -> Task:
    """Put a prompt and what the data set knows of it together; `field` is where that came from."""
    try:
        return TaskFields.model_validate(read_truth(truth, field).fields(problem)).to_task()
    except ValidationError as error:
        complaint = field_error(error.errors(include_url=False)[0])
        raise RequestError(f"{field}.{complaint.field}", complaint.message) from None


async def ask(profile: TestedProfile, unread: Unread, request: Request, services: Services) -> Judged:
    """Judge as the URL says."""
    order = Order(services.critic(profile.critic), profile.mode, profile.votes, stops_early=True)
    return await in_turn(order, unread, request, services)


async def in_turn(order: Order, unread: Unread, request: Request, services: Services) -> Judged:
    """Judge, once there is a place: trainers take being turned away for a lost reward."""
    return await while_wanted(request, _queued(order, unread, services))


async def _queued(order: Order, unread: Unread, services: Services) -> Judged:
    if not unread:
        return await judged(order, (), services)
    async with services.gate.queue(services.bounds.queue_s):
        return await judged(order, await read_cases(unread), services)


def insist(rulings: Sequence[Ruling], on_error: str) -> None:
    """Fail the request if its caller wants no reward in place of a missing one."""
    for ruling in rulings if on_error == ERROR else ():
        if ruling.error is not None:
            raise ruling.error
        if ruling.score is None:
            raise CriticError("the critic's judgment cannot be told")


def scores(rulings: Sequence[Ruling], on_error: str) -> list[float]:
    """The scores, each with its fallback; raises where there is neither."""
    insist(rulings, on_error)
    return [score for ruling in rulings if (score := told(ruling, on_error).score) is not None]
