"""One request of a load, and what is measured of its answer."""

import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx

from service.api.refinement import RefinementOut
from service.cli.bench.measures import Answer, Measures
from service.cli.bench.requests import numbered
from service.client import AsyncClient, GatewayError, ProblemError, UnreachableError
from service.client.following import result_of

Json = dict[str, Any]

_OVERHEAD = "x-refine-overhead-ms"


class OverheadTransport(httpx.AsyncHTTPTransport):
    """Notes the gateway's own time of each answer that tells it."""

    def __init__(self, measures: Measures, connections: int):
        super().__init__(limits=httpx.Limits(max_connections=connections))
        self._measures = measures

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        if (said := response.headers.get(_OVERHEAD)) is not None:
            self._measures.overhead_ms.append(float(said))
        return response


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends requests in turn. Every other refinement is streamed; the others tell the gateway's time."""

    client: AsyncClient
    requests: Sequence[Json]
    judge: bool

    async def answer(self, number: int, came: float) -> Answer:
        """Send one, and wait for its answer. Raises `GatewayError`."""
        body = numbered(self.requests[number % len(self.requests)], number)
        if self.judge:
            return await self._judged(body, came)
        return await (self._whole if number % 2 else self._streamed)(body, came)

    async def _whole(self, body: Json, came: float) -> Answer:
        return _of(await self.client.refine(body, stream=False), came)

    async def _streamed(self, body: Json, came: float) -> Answer:
        first_event_s = first_text_s = None
        async with aclosing(self.client.refine_events(body)) as events:
            async for event in events:
                now_s = time.perf_counter() - came
                first_event_s = now_s if first_event_s is None else first_event_s
                if first_text_s is None and event.event.endswith(".delta"):
                    first_text_s = now_s
                if (refinement := result_of(event)) is not None:
                    return _of(refinement, came, first_event_s, first_text_s)
        raise UnreachableError("the stream ended before the refinement did")

    async def _judged(self, body: Json, came: float) -> Answer:
        judging = await self.client.judge(body)
        for result in judging.results:
            if result.error is not None:
                raise ProblemError(result.error.model_dump(mode="json"), result.error.status)
        return Answer(
            time.perf_counter() - came,
            judging.usage.completion_tokens,
            len(judging.results),
            [judging.model.name],
        )


def _of(
    refinement: RefinementOut,
    came: float,
    first_event_s: float | None = None,
    first_text_s: float | None = None,
) -> Answer:
    return Answer(
        time.perf_counter() - came,
        refinement.usage.completion_tokens,
        len(refinement.rounds),
        [refinement.models.generator.name, refinement.models.critic.name],
        first_event_s,
        first_text_s,
    )


@dataclass(frozen=True, slots=True)
class Counting:
    """Sends, and counts what comes of it; an error is a count."""

    sender: Sender
    measures: Measures

    async def __call__(self, number: int, came: float) -> None:
        try:
            answer = await self.sender.answer(number, came)
        except GatewayError as error:
            self.measures.failed(error)
        else:
            self.measures.answers.append(answer)
