"""Calls to Redis that are short, bounded, and never cut in the middle."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from importlib.resources import files
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from service.adapters.store.breaker import Breaker
from service.domain.errors import StoreError
from service.settings import SettingsError

CONNECTIONS = 16

SCRIPTS = ("create", "take", "write", "release", "cancel", "keep", "waiting", "reserve", "settle")


class RedisCalls:
    """Runs scripts and commands. A caller that is cancelled leaves its call to end by itself: a connection
    that was let go between a command and its answer would give that answer to somebody else."""

    def __init__(self, client: Redis, group: asyncio.TaskGroup, breaker: Breaker, limit_s: float):
        self._client = client
        self._group = group
        self._breaker = breaker
        self._limit_s = limit_s
        self._scripts = {name: _script(client, name) for name in SCRIPTS}

    async def script(self, name: str, keys: Sequence[str], arguments: Sequence[str | int]) -> Any:
        """Run a script of the folder `lua`."""
        return await self._shielded(lambda: self._scripts[name](keys, arguments))

    async def together(self, *commands: Sequence[str | int]) -> list[Any]:
        """Run commands in one transaction and one round trip."""

        async def run() -> list[Any]:
            async with self._client.pipeline(transaction=True) as pipeline:
                for command in commands:
                    pipeline.execute_command(*command)
                return list(await pipeline.execute())

        replies: list[Any] = await self._shielded(run)
        return replies

    async def _shielded(self, call: Callable[[], Awaitable[Any]]) -> Any:
        self._breaker.check()
        reply, error = await asyncio.shield(self._group.create_task(self._attempt(call)))
        if error is not None:
            raise error
        return reply

    async def _attempt(self, call: Callable[[], Awaitable[Any]]) -> tuple[Any, Exception | None]:
        """Return a failure instead of raising it: the group of all calls outlives each."""
        try:
            async with asyncio.timeout(self._limit_s):
                reply = await call()
        except (RedisError, OSError, TimeoutError) as error:
            self._breaker.failed()
            return None, StoreError(f"redis: {type(error).__name__}")
        except Exception as error:  # noqa: BLE001 - raised again by whoever called
            return None, error
        self._breaker.succeeded()
        return reply, None


def script_text(name: str) -> str:
    """Read a script of the folder `lua`, with what all of them share."""
    folder = files(__package__) / "lua"
    return "\n".join((folder / f"{part}.lua").read_text(encoding="utf-8") for part in ("shared", name))


def _script(client: Redis, name: str) -> AsyncScript:
    return client.register_script(script_text(name))


def _pool(url: str, password: str | None, timeout_s: float) -> BlockingConnectionPool:
    given = {} if password is None else {"password": password}
    try:
        return BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=timeout_s,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            # A write that may have been done is repeated by whoever knows that it may be repeated.
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
            protocol=2,
            **given,
        )
    except ValueError:
        # What it says may quote the URL, and the URL may hold a password.
        raise SettingsError("store.url: cannot be read; its form is redis://host:6379/0") from None


@asynccontextmanager
async def open_calls(url: str, password: str | None, timeout_s: float) -> AsyncGenerator[RedisCalls, None]:
    """Make a client. It connects when it is first asked, so that a gateway starts without Redis.

    `timeout_s` bounds the wait for a connection, connecting, and the answer, each.
    """
    client = Redis.from_pool(_pool(url, password, timeout_s))
    async with aclosing(client), asyncio.TaskGroup() as group:
        yield RedisCalls(client, group, Breaker("redis"), 3 * timeout_s)
