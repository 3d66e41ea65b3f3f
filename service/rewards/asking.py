"""One batch of items to `/judge`, with patience for what passes by itself."""

import asyncio
import json
import logging
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import aiohttp

from service.rewards.batches import batches

log = logging.getLogger(__name__)

Json = dict[str, Any]

TIMEOUT_S = 1_200.0
"""Bound of a request: longer than the gateway lets it wait (100) and works at it (`request_seconds`, 900)."""
_COMPARING = "pairwise"
_PASSING = (408, 429, 500, 502, 503)
_TOO_LATE = 504
_WITHOUT_REWARDS = (*_PASSING, _TOO_LATE)
_FULL = (429, 503)
"""Statuses of a gateway that lives and has no place: asking again has no end but `timeout_s`."""
_LONGEST_WAIT_S = 30.0
_LONGEST_WAIT_WHEN_FULL_S = 5.0
_QUOTED = 300
"""Characters of an answer that is no gateway's."""


class RewardError(Exception):
    """The gateway refuses the request: a mistake in configuration or data, worth stopping a run for."""


class RewardMissingError(RewardError):
    """A program could not be judged, and the caller wants no reward in its place."""


@dataclass(frozen=True, slots=True)
class _Setback:
    """A request without rewards that may have them later."""

    asked_s: float
    """For how long the gateway wants to be left alone."""
    is_full: bool


@dataclass(frozen=True, slots=True)
class Asker:
    """Where the gateway is, and how it is to judge.

    `attempts` bounds failures; a full gateway is asked again for `timeout_s`: a trainer that sends all of its
    rollouts at once fills it for minutes.
    """

    url: str
    key: str | None = None
    mode: str = "hybrid"
    critic: str | None = None
    votes: int = 1
    timeout_s: float = TIMEOUT_S
    attempts: int = 6

    async def results(self, items: Sequence[Mapping[str, Any]]) -> list[Json | None]:
        """Judge the items, in their order. None stands for those of a batch that got no answer."""
        results: list[Json | None] = []
        for batch in batches(items, by_problem=self.mode == _COMPARING):
            results += await self._batch(batch) or [None] * len(batch)
        return results

    async def _batch(self, items: Sequence[str]) -> list[Json] | None:
        order = json.dumps({"mode": self.mode, "critic": self.critic, "votes": self.votes})
        body = f'{{"items": [{",".join(items)}], {order[1:]}'.encode()
        headers = {"Content-Type": "application/json"}
        headers |= {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        timeout = aiohttp.ClientTimeout(total=self.timeout_s, sock_connect=10)
        async with aiohttp.ClientSession(timeout=timeout, headers=headers) as session:
            return await self._patiently(session, body)

    async def _patiently(self, session: aiohttp.ClientSession, body: bytes) -> list[Json] | None:
        ends = time.monotonic() + self.timeout_s
        failures = fulls = 0
        while isinstance(outcome := await self._post(session, body), _Setback):
            if outcome.is_full:
                if not fulls:
                    log.warning("%s is full; it is asked again for %g s", self.url, self.timeout_s)
                wait_s = _wait_s(fulls, outcome.asked_s, _LONGEST_WAIT_WHEN_FULL_S)
                fulls += 1
            else:
                wait_s = _wait_s(failures, outcome.asked_s, _LONGEST_WAIT_S)
                failures += 1
            if failures >= self.attempts or time.monotonic() + wait_s > ends:
                return None
            await asyncio.sleep(wait_s)
        return outcome

    async def _post(self, session: aiohttp.ClientSession, body: bytes) -> list[Json] | _Setback | None:
        """Return the results, or why there are none yet; None is for ever: who was late would be so again."""
        asked, is_full = "", False
        try:
            async with session.post(f"{self.url.rstrip('/')}/judge", data=BytesIO(body)) as response:
                if response.status not in _WITHOUT_REWARDS:
                    return _results(await response.text(), response.status)
                failure = f"status {response.status}"
                late, is_full = response.status == _TOO_LATE, response.status in _FULL
                asked = response.headers.get("Retry-After", "")
        except (aiohttp.ClientError, TimeoutError) as error:
            failure = type(error).__name__
            late = isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ConnectionTimeoutError)
        if not is_full:
            log.warning("no rewards %s from %s: %s", "in time" if late else "yet", self.url, failure)
        return None if late else _Setback(float(asked) if asked.isdigit() else 0.0, is_full)


def score_of(result: Json | None) -> float | None:
    """The score of a result that has one of its own."""
    return float(result["score"]) if result is not None and result["status"] == "ok" else None


def missing(result: Json | None, url: str) -> RewardMissingError:
    """Say why a program has no reward: no answer, an answer without a judgment, or a part that failed."""
    if result is None:
        why = f"no answer from {url}"
    elif result["error"] is None:
        why = "the critic's answer has no judgment that can be read"
    else:
        why = str(result["error"].get("detail") or result["error"]["title"])
    return RewardMissingError(f"a program could not be judged: {why}")


def _results(text: str, status: int) -> list[Json]:
    """Read the results; whatever else comes, such as a page of a proxy, stops the run and is quoted."""
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    told = answer if isinstance(answer, dict) else {}
    if status != 200 or not isinstance(told.get("results"), list):
        raise RewardError(f"the gateway refuses (status {status}): {told.get('detail', text[:_QUOTED])}")
    results: list[Json] = told["results"]
    return results


def _wait_s(attempt: int, asked_s: float, longest_s: float) -> float:
    wait_s = max(0.5 * 2.0 ** min(attempt, 10), asked_s)
    return min(wait_s, longest_s) * random.uniform(0.75, 1.0)  # noqa: S311 - jitter
