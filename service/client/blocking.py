"""The client for programs that wait."""

import time
from collections.abc import Generator
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


class Client:
    """The gateway at a URL; without one, at `CTRL_URL`, else on this machine."""

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        timeout_s: float = 900.0,
        patience: Patience | None = None,
        transport: httpx.BaseTransport | None = None,
    ):
        self._patience = patience or Patience()
        with translated():
            self._http = httpx.Client(
                **gateway_at(url),
                headers=authorization(api_key),
                timeout=httpx.Timeout(timeout_s, connect=CONNECT_S),
                transport=transport,
            )

    def refine(self, request: Fields = None, /, *, key: str | None = None, **fields: Any) -> RefinementOut:
        """Refine and wait; over an event stream, so that a long wait is not taken for a dead connection.

        With `stream=False` the answer comes whole.
        """
        body = body_of(request, fields)
        if body.get("stream") is False:
            return self._ask(asking.refine(body, key))
        return _result(self.refine_events(body, key=key))

    def refine_events(
        self, request: Fields = None, /, *, key: str | None = None, **fields: Any
    ) -> Generator[ServerEvent, None, None]:
        """Refine and yield what happens; leaving the loop cancels the refinement.

        With an idempotency `key` a refinement that runs already is joined.
        """
        headers = {} if key is None else {"Idempotency-Key": key}
        return self._follow(Following(self._waits(), body_of(request, fields), headers))

    def judge(self, request: Fields = None, /, **fields: Any) -> JudgeResponse:
        return self._ask(asking.judge(body_of(request, fields)))

    def critique(self, request: Fields = None, /, **fields: Any) -> CritiqueResponse:
        return self._ask(asking.critique(body_of(request, fields)))

    def models(self) -> ModelList:
        return self._ask(asking.models())

    def start(self, request: Fields = None, /, *, key: str | None = None, **fields: Any) -> Job:
        """Begin a refinement that outlives this connection, and this process."""
        return self._ask(asking.start(body_of(request, fields), key))

    def job(self, job_id: str) -> Job:
        """Say where a refinement stands."""
        return self._ask(asking.job(job_id))

    def job_events(self, job_id: str, *, after: str = "") -> Generator[ServerEvent, None, None]:
        """Yield what happens, from after an event on; a connection that breaks is made anew."""
        return self._follow(Following(self._waits(), job_id=job_id, last_id=after))

    def wait(self, job_id: str) -> RefinementOut:
        """Wait for a refinement's end."""
        return _result(self.job_events(job_id))

    def cancel(self, job_id: str) -> Job:
        """End a refinement; one that has ended stays as it is."""
        return self._ask(asking.cancel(job_id))

    def health(self) -> Json:
        return self._ask(asking.health())

    def ready(self) -> Json:
        """Return the state of each part, ready or not."""
        with translated():
            return json_of(self._http.get("/ready", timeout=10.0))

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _waits(self) -> Waits:
        return Waits(self._patience)

    def _ask(self, ask: Ask[T]) -> T:
        waits = self._waits()
        while True:
            try:
                with translated():
                    response = self._http.request(
                        ask.method, ask.path, json=ask.body, headers=dict(ask.headers)
                    )
                return ask.read(checked(response))
            except GatewayError as error:
                wait_s = waits.after(error, repeatable=ask.repeatable)
                if wait_s is None:
                    raise
            time.sleep(wait_s)

    def _follow(self, following: Following) -> Generator[ServerEvent, None, None]:
        while not following.is_over:
            try:
                for event in self._stream(following):
                    if following.heard(event):
                        yield event
                following.left()
            except (ProblemError, UnreachableError) as error:
                time.sleep(following.broken(error))

    def _stream(self, following: Following) -> Generator[ServerEvent, None, None]:
        method, path, body, headers = following.request()
        with (
            translated(),
            self._http.stream(
                method, path, json=body, headers=dict(headers), timeout=STREAM_TIMEOUT
            ) as response,
        ):
            if not response.is_success:
                response.read()
                checked(response)
            parser = EventParser()
            for line in response.iter_lines():
                if event := parser.feed(line):
                    yield event


def _result(events: Generator[ServerEvent, None, None]) -> RefinementOut:
    for event in events:
        if (result := result_of(event)) is not None:
            events.close()
            return result
    raise UnreachableError("the stream ended before the refinement did")
