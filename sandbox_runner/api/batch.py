"""Many submissions in one request: as many at once as there are slots, answered in order or as they come."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import cast

from fastapi import Request
from pydantic import JsonValue, ValidationError

from sandbox_runner.api.answers import Room, Tally, judge_body, test_body, valid_results, verdict_of
from sandbox_runner.api.disconnect import ClientGoneError
from sandbox_runner.api.lines import LineWriter
from sandbox_runner.api.models import BatchRequest, ErrorBody, JudgeBody, JudgeRequest, LooseBatchRequest
from sandbox_runner.api.problems import InvalidRequestError, occurrence_of
from sandbox_runner.api.reading import deadline, read_json, wants_lines
from sandbox_runner.api.services import Services, services_of, tenant_of
from sandbox_runner.domain.cases import Submission
from sandbox_runner.domain.verdict import Tier
from sandbox_runner.judging import Judge

Item = JudgeRequest | JsonValue


async def read_batch(request: Request) -> list[Item]:
    """The submissions; one that is not valid is left as it came, to be answered in its place."""
    body = await read_json(request)
    items: list[Item]
    try:
        items = list(BatchRequest.model_validate_json(body).submissions)
    except ValidationError:
        try:
            items = list(LooseBatchRequest.model_validate_json(body).submissions)
        except ValidationError as error:
            raise InvalidRequestError.of(error) from None
    return items


def number_of_tests(item: Item) -> int:
    """Of one that is not valid too: where all are loose, their sum must be bounded all the same."""
    if isinstance(item, JudgeRequest):
        return len(item.tests)
    tests = item.get("tests") if isinstance(item, dict) else None
    return len(tests) if isinstance(tests, list) else 0


class Batch:
    def __init__(self, request: Request, items: list[Item], arrived: float) -> None:
        self._request = request
        self._services: Services = services_of(request)
        self._tenant = tenant_of(request)
        self._items = items
        self._arrived = arrived
        self._streams = wants_lines(request)
        self.outcomes: Counter[str] = Counter()

    async def answer(self) -> list[JudgeBody | ErrorBody]:
        """All verdicts, in the order of the submissions."""
        answers: list[JudgeBody | ErrorBody | None] = [None] * len(self._items)
        room = Room(self._services.settings.answer_bytes)

        async def judge(index: int, item: Item) -> None:
            answers[index] = await self._answer_to(item, room)

        await self._each(judge)
        return cast("list[JudgeBody | ErrorBody]", answers)

    async def write(self, writer: LineWriter) -> None:
        """Each result as it is known; the results of submissions judged at once are mixed."""

        async def judge(index: int, item: Item) -> None:
            try:
                submission, judging = await self._prepare(_read(item))
                tally = await write_results(writer, index, judging, submission, self._services.tier)
                self.outcomes[tally.outcome] += 1
            except ClientGoneError:
                raise
            except Exception as error:  # noqa: BLE001 - one submission must not spoil the others
                await writer.write({"submission": index, **self._error(error)})

        await self._each(judge)

    async def _answer_to(self, item: Item, room: Room) -> JudgeBody | ErrorBody:
        try:
            body = _read(item)
            submission, judging = await self._prepare(body)
            verdict = await verdict_of(judging, submission, room.part(body.answer_bytes))
        except Exception as error:  # noqa: BLE001 - one submission must not spoil the others
            return self._error(error)
        self.outcomes[verdict.outcome] += 1
        return judge_body(submission, verdict, self._services.tier)

    async def _prepare(self, body: JudgeRequest) -> tuple[Submission, Judge]:
        until = deadline(self._request, body.deadline_s, self._arrived)
        judging = self._services.judge_for(self._tenant, until, patient=True, streams=self._streams)
        return await self._services.converter.submission(body), judging

    def _error(self, error: Exception) -> ErrorBody:
        occurrence = occurrence_of(error)
        self.outcomes[occurrence.problem.name] += 1
        return {"error": occurrence.body(self._request.url.path)}

    async def _each(self, judge: Callable[[int, Item], Awaitable[None]]) -> None:
        """A few tasks share the work, so that a long batch is no crowd of tasks."""
        work = enumerate(self._items)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(len(self._items), self._services.admission.most_at_once)):
                group.create_task(_work_through(work, judge))


async def _work_through(
    work: Iterable[tuple[int, Item]], judge: Callable[[int, Item], Awaitable[None]]
) -> None:
    for index, item in work:
        await judge(index, item)


def _read(item: Item) -> JudgeRequest:
    if isinstance(item, JudgeRequest):
        return item
    try:
        return JudgeRequest.model_validate(item)
    except ValidationError as error:
        raise InvalidRequestError.of(error) from None


async def write_results(
    writer: LineWriter, index: int, judge: Judge, submission: Submission, tier: Tier
) -> Tally:
    """One line per test, one for the verdict."""
    tally = Tally(len(submission.cases))
    async with aclosing(valid_results(judge, submission)) as results:
        number = 0
        async for result in results:
            tally.add(result)
            await writer.write({"submission": index, "test": number, "result": test_body(result)})
            number += 1
    await writer.write(
        {"submission": index, "verdict": tally.body(), "integrity": tally.integrity, "tier": tier}
    )
    return tally
