"""A chat endpoint: what is tried again, how often and where."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from pydantic import JsonValue

from service.adapters.openai.budget import RetryBudget
from service.adapters.openai.failure import Refusal, RefusedError
from service.adapters.openai.hedge import soonest
from service.adapters.openai.patience import Deadline, asked_wait_s
from service.adapters.openai.prefix import shared_part
from service.adapters.openai.replicas import Route
from service.adapters.openai.transport import Reply, Transport, UnreachableError
from service.domain.errors import ContextError, ModelError

_PATH = "/chat/completions"

Payload = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class _Setback:
    """An attempt that failed, and may be repeated."""

    failure: ModelError
    asked_s: float | None = None
    sent: bool = True


Outcome = Reply | _Setback


def _written(payload: Payload) -> bytes:
    try:
        return msgspec.json.encode(payload)
    except (UnicodeEncodeError, OverflowError):  # half a pair of surrogates, a seed of more than 64 bits
        return json.dumps(payload).encode()


async def _drop(outcome: Outcome) -> None:
    """Close an answer that nobody will read."""
    if isinstance(outcome, Reply):
        async with outcome:
            pass


class Endpoint:
    """The chat completions of a model, wherever it is served."""

    def __init__(self, transport: Transport) -> None:
        self._transport, self._patience = transport, transport.patience
        self._budget = RetryBudget(clock=transport.patience.clock)

    def error(self, what: str) -> ModelError:
        return self._transport.error(what)

    async def post(self, payload: Payload, deadline: Deadline) -> Reply:
        """Send a request until it is answered; only what may pass by itself is tried again."""
        body = _written(payload)
        begins_s = self._patience.first_byte_s if payload.get("stream") else self._patience.whole_s
        route = self._transport.route(partial(shared_part, payload))
        self._budget.earn()
        attempt = 0
        while True:
            attempt += 1
            outcome = await self._soonest(route, partial(self._attempt, route, body, deadline, begins_s))
            if isinstance(outcome, Reply):
                return outcome
            await self._pause(attempt, outcome, route, deadline)

    async def _soonest(self, route: Route, attempt: Callable[[], Coroutine[Any, Any, Outcome]]) -> Outcome:
        """Send a request, and a copy to another replica where it is late. A copy is a repetition too."""
        if self._patience.hedge_s is None:
            return await attempt()
        return await soonest(
            attempt,
            self._patience.hedge_s,
            may_copy=lambda: route.goes_on and self._budget.take(),
            is_answer=lambda outcome: isinstance(outcome, Reply),
            drop=_drop,
        )

    async def _attempt(self, route: Route, body: bytes, deadline: Deadline, begins_s: float) -> Outcome:
        """Send a request once, past the replicas that cannot be reached."""
        setback = None
        while (replica := route.next()) is not None:
            try:
                reply = await self._transport.send(replica, _PATH, body, deadline, begins_s)
            except UnreachableError as error:
                setback = _Setback(error)
                if error.unsent:
                    continue
                return setback  # it may be what the server died of
            if reply.status == 200:
                return reply
            return _Setback(await self._passing_failure(reply), asked_wait_s(reply.response.headers))
        return setback or _Setback(self._transport.unavailable(route), sent=False)

    async def _pause(self, attempt: int, setback: _Setback, route: Route, deadline: Deadline) -> None:
        """Wait for the next attempt; raise the failure where there is none.

        A new call fails at once where every breaker is open; one at work waits for them while it may.
        """
        wait_s = 0.0
        if not route.goes_on:
            route.begin_again()
            wait_s = max(self._patience.wait_s(attempt - 1, setback.asked_s), route.wait_s)
        hopeless = attempt >= self._patience.attempts or (attempt == 1 and not setback.sent)
        if hopeless or wait_s > min(self._patience.longest_wait_s, deadline.left_s):
            raise setback.failure
        if not self._budget.take():
            raise setback.failure
        await asyncio.sleep(wait_s)

    async def _passing_failure(self, reply: Reply) -> ModelError:
        """Return a failure worth another attempt; raise any other."""
        async with reply:
            refusal = Refusal.read(reply.status, await reply.body())
        failure = self.refused(refusal)
        if not refusal.passing:
            raise failure
        return failure

    def refused(self, refusal: Refusal) -> RefusedError:
        """Return the error for a refusal; raise `ContextError` where the request itself is too long."""
        secret = self._transport.secret
        told = self._transport.told(refusal.told(secret))
        too_long, refused = ContextError(told), RefusedError(told, refusal)
        too_long.quote = refused.quote = refusal.readable(secret)
        if refusal.too_long:
            raise too_long
        return refused
