"""Calls to Redis that are short, bounded, and never cut in the middle; those that wait go together."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from service.adapters.store.breaker import SILENT, Breaker
from service.adapters.store.line import LINES, Command, Lines, open_lines
from service.domain.errors import StoreError

log = structlog.get_logger(__name__)

TOGETHER = 64
"""Calls of one round trip."""
WAITING = 4096
"""Calls that may wait for one."""


@dataclass(frozen=True, slots=True)
class _Call:
    commands: Sequence[Command]
    ended: asyncio.Future[list[Any] | StoreError]
    """A failure is a result too: whoever called may be gone, and then nobody hears of it."""

    def fail(self, why: str) -> None:
        self.ended.set_result(StoreError(f"redis: {why}"))

    def answer(self, answers: list[Any]) -> None:
        """A call of which anything was refused has failed."""
        refusal = next((answer for answer in answers if isinstance(answer, ResponseError)), None)
        if refusal is None:
            self.ended.set_result(answers)
        else:
            self.fail(type(refusal).__name__)


class RedisCalls:
    """Runs scripts and commands. A caller that is cancelled leaves its call to end by itself.

    A call waits for a place in a round trip as long as round trips succeed; once Redis counts as down, those
    that wait fail at once, and have not been sent.
    """

    def __init__(self, lines: Lines, group: asyncio.TaskGroup, breaker: Breaker):
        self._lines = lines
        self._group = group
        self._breaker = breaker
        self._waiting: deque[_Call] = deque()
        self._lines_in_use = 0

    async def script(self, name: str, keys: Sequence[str], arguments: Sequence[str | int]) -> Any:
        """Run a script of the folder `lua`."""
        return (await self.together(self._lines.script(name, keys, arguments)))[0]

    async def together(self, *commands: Command) -> list[Any]:
        """Run commands in one round trip; others may come between."""
        self._breaker.check()
        if len(self._waiting) >= WAITING:
            raise StoreError(f"redis: {WAITING} calls wait for it already")
        call = _Call(commands, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        if self._lines_in_use < LINES:
            self._lines_in_use += 1
            self._group.create_task(self._work())
        ended = await asyncio.shield(call.ended)
        if isinstance(ended, StoreError):
            raise ended
        return ended

    async def _work(self) -> None:
        """Use one line for as long as anybody waits."""
        try:
            while self._waiting:
                await self._attempt(
                    [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
                )
        finally:
            self._lines_in_use -= 1

    async def _attempt(self, calls: Sequence[_Call]) -> None:
        """Return, whatever happens: the group of all calls outlives each."""
        try:
            answers = iter(await self._lines.ask([command for call in calls for command in call.commands]))
        except (RedisError, OSError, TimeoutError) as error:
            refused = _refused(error)
            self._breaker.failed(refused or SILENT)
            _fail(calls, refused or type(error).__name__)
            if self._breaker.is_open:
                _fail(self._waiting, refused or SILENT)
                self._waiting.clear()
        except Exception as error:
            log.exception("redis_calls_crashed")
            _fail(calls, type(error).__name__)
        else:
            self._breaker.succeeded()
            for call in calls:
                call.answer([next(answers) for _ in call.commands])


def _refused(error: Exception) -> str | None:
    """Say what a Redis does not take that is there; None: it is not."""
    if isinstance(error, AuthenticationError):
        return "refuses the password, or the want of one: store.url, store.password_env"
    # What a command meets comes as an answer: this is said while connecting, about the database in the URL.
    return "refuses the database of store.url" if isinstance(error, ResponseError) else None


def _fail(calls: Iterable[_Call], why: str) -> None:
    for call in calls:
        call.fail(why)


@asynccontextmanager
async def open_calls(url: str, password: str | None, timeout_s: float) -> AsyncGenerator[RedisCalls, None]:
    """Make a client. It connects when it is first asked, so that a gateway starts without Redis.

    `timeout_s` bounds Redis' silence while it is connected to, and while it is asked, each.
    """
    async with open_lines(url, password, timeout_s) as lines, asyncio.TaskGroup() as group:
        yield RedisCalls(lines, group, Breaker("redis"))
