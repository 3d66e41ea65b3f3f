"""The client for asyncio."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from service.api.critique import CritiqueResponse
from service.api.judge_response import JudgeResponse
from service.api.models import ModelList
from service.api.refinement import RefinementOut
from service.client import asking
from service.client.answers import Job
from service.client.asking import Ask, Fields, body_of
from service.client.errors import GatewayError, ProblemError, UnreachableError
from service.client.following import Following, result_of
from service.client.patience import Patience, Waits
from service.client.replies import CONNECT_S, STREAM_TIMEOUT, authorization, checked, json_of, translated
from service.client.settings import gateway_at
from service.client.sse import EventParser, Json, ServerEvent

T = TypeVar("T")


class AsyncClient:
    """The gateway at a URL, for asyncio; without one, at `CTRL_URL`, else on this machine."""

    def __init__(  # noqa: PLR0913 - each by its name
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        timeout_s: float = 900.0,
        patience: Patience | None = None,
        connections: int = 64,
        transport: httpx.AsyncBaseTransport | None = None,
    ):
        self._patience = patience or Patience()
        with translated():
            self._http = httpx.AsyncClient(
                **gateway_at(url),
                headers=authorization(api_key),
                timeout=httpx.Timeout(timeout_s, connect=CONNECT_S),
                limits=httpx.Limits(max_connections=connections),
                transport=transport,
            )

    async def refine(
        self, request: Fields = None, /, *, key: str | None = None, **fields: Any
    ) -> RefinementOut:
        """Refine and wait; cancelling the call cancels the refinement.

        It comes over an event stream, with `stream=False` whole.
        """
        body = body_of(request, fields)
        if body.get("stream") is False:
            return await self._ask(asking.refine(body, key))
        return await _result(self.refine_events(body, key=key))

    def refine_events(
        self, request: Fields = None, /, *, key: str | None = None, **fields: Any
    ) -> AsyncGenerator[ServerEvent, None]:
        """Refine and yield what happens; closing the generator cancels the refinement.

        With an idempotency `key` a refinement that runs already is joined.
        """
        headers = {} if key is None else {"Idempotency-Key": key}
        return self._follow(Following(self._waits(), body_of(request, fields), headers))

    async def judge(self, request: Fields = None, /, **fields: Any) -> JudgeResponse:
        return await self._ask(asking.judge(body_of(request, fields)))

    async def critique(self, request: Fields = None, /, **fields: Any) -> CritiqueResponse:
        return await self._ask(asking.critique(body_of(request, fields)))

    async def models(self) -> ModelList:
        return await self._ask(asking.models())

    async def start(self, request: Fields = None, /, *, key: str | None = None, **fields: Any) -> Job:
        """Begin a refinement that outlives this connection, and this process."""
        return await self._ask(asking.start(body_of(request, fields), key))

    async def job(self, job_id: str) -> Job:
        """Say where a refinement stands."""
        return await self._ask(asking.job(job_id))

    def job_events(self, job_id: str, *, after: str = "") -> AsyncGenerator[ServerEvent, None]:
        """Yield what happens, from after an event on; a connection that breaks is made anew."""
        return self._follow(Following(self._waits(), job_id=job_id, last_id=after))

    async def wait(self, job_id: str) -> RefinementOut:
        """Wait for a refinement's end."""
        return await _result(self.job_events(job_id))

    async def cancel(self, job_id: str) -> Job:
        """End a refinement; one that has ended stays as it is."""
        return await self._ask(asking.cancel(job_id))

    async def health(self) -> Json:
        return await self._ask(asking.health())

    async def ready(self) -> Json:
        """Return the state of each part, ready or not."""
        with translated():
            return json_of(await self._http.get("/ready", timeout=10.0))

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _waits(self) -> Waits:
        return Waits(self._patience)

    async def _ask(self, ask: Ask[T]) -> T:
        waits = self._waits()
        while True:
            try:
                with translated():
                    response = await self._http.request(
                        ask.method, ask.path, json=ask.body, headers=dict(ask.headers)
                    )
                return ask.read(checked(response))
            except GatewayError as error:
                wait_s = waits.after(error, repeatable=ask.repeatable)
                if wait_s is None:
                    raise
            await asyncio.sleep(wait_s)

    async def _follow(self, following: Following) -> AsyncGenerator[ServerEvent, None]:
        while not following.is_over:
            try:
                async with aclosing(self._stream(following)) as events:
                    async for event in events:
                        if following.heard(event):
                            yield event
                following.left()
            except (ProblemError, UnreachableError) as error:
                await asyncio.sleep(following.broken(error))

    async def _stream(self, following: Following) -> AsyncGenerator[ServerEvent, None]:
        method, path, body, headers = following.request()
        with translated():
            async with self._http.stream(
                method, path, json=body, headers=dict(headers), timeout=STREAM_TIMEOUT
            ) as response:
                if not response.is_success:
                    await response.aread()
                    checked(response)
                parser = EventParser()
                async for line in response.aiter_lines():
                    if event := parser.feed(line):
                        yield event


async def _result(events: AsyncGenerator[ServerEvent, None]) -> RefinementOut:
    async with aclosing(events):
        async for event in events:
            if (result := result_of(event)) is not None:
                return result
    raise UnreachableError("the stream ended before the refinement did")
