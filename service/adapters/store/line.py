"""Connections to Redis, over each of which many commands go in one round trip."""

import hashlib
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Connection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

from service.adapters.store.silence import silent_for
from service.settings import SettingsError

LINES = 4
"""Connections: a long answer on one holds nobody up who may use another."""

SCRIPTS = (
    *("create", "take", "write", "release", "cancel", "keep", "job", "log", "waiting"),
    *("reserve", "settle"),
)

Command = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Lines:
    """Open as many connections as are used at once. `silence_s` bounds connecting, and the answer, each."""

    pool: ConnectionPool
    silence_s: float
    _texts: dict[str, str] = field(default_factory=dict)
    """Scripts by what Redis knows them by."""
    _hashes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in SCRIPTS:
            text = script_text(name)
            self._hashes[name] = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
            self._texts[self._hashes[name]] = text

    def script(self, name: str, keys: Sequence[str], arguments: Sequence[str | int]) -> Command:
        """Return the command that runs a script of the folder `lua`."""
        return ("EVALSHA", self._hashes[name], len(keys), *keys, *arguments)

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        """Send them, and return the answers; what Redis refuses is a `ResponseError` in its place."""
        async with silent_for(self.silence_s):
            connection: Connection = await self.pool.get_connection()  # type: ignore[no-untyped-call]
        try:
            answers = await self._exchange(connection, commands)
            # Nothing of a script that is not known has been done.
            again = [at for at, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
            if again:
                told = await self._exchange(connection, [self._spelt_out(commands[at]) for at in again])
                for at, answer in zip(again, told, strict=True):
                    answers[at] = answer
        finally:
            await self.pool.release(connection)
        return answers

    async def _exchange(self, connection: Connection, commands: Sequence[Command]) -> list[Any]:
        """Leaving it before its end closes the connection: what comes late is nobody's answer."""
        async with silent_for(self.silence_s):
            await connection.send_packed_command(connection.pack_commands(commands))
            return [await _answer(connection) for _ in commands]

    def _spelt_out(self, command: Command) -> Command:
        _, known_by, *rest = command
        return ("EVAL", self._texts[str(known_by)], *rest)


async def _answer(connection: Connection) -> Any:
    try:
        return await connection.read_response()
    except ResponseError as refusal:
        return refusal


def script_text(name: str) -> str:
    """Read a script of the folder `lua`, with what all of them share."""
    folder = files(__package__) / "lua"
    return "\n".join((folder / f"{part}.lua").read_text(encoding="utf-8") for part in ("shared", name))


@asynccontextmanager
async def open_lines(url: str, password: str | None, silence_s: float) -> AsyncGenerator[Lines, None]:
    """Connect when first asked, so that a gateway starts without Redis."""
    lines = Lines(_pool(url, password), silence_s)
    try:
        yield lines
    finally:
        with suppress(RedisError, OSError, TimeoutError):
            async with silent_for(silence_s):
                await lines.pool.aclose()


def _check_database(url: str) -> None:
    """Raise `ValueError` for a database that is no number: the library would take the first one."""
    parts = urlsplit(url)
    if parts.scheme != "unix" and not re.fullmatch(r"/?\d*", parts.path):
        raise ValueError(parts.scheme)


def _pool(url: str, password: str | None) -> ConnectionPool:
    given = {} if password is None else {"password": password}
    try:
        _check_database(url)
        return ConnectionPool.from_url(
            url,
            max_connections=LINES,
            # Its clocks run on while this process is busy; ours do not.
            socket_timeout=None,
            socket_connect_timeout=None,
            # A write that may have been done is repeated by whoever knows that it may be repeated.
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
            protocol=2,
            **given,
        )
    except ValueError:
        # What it says may quote the URL, and the URL may hold a password.
        raise SettingsError("store.url: cannot be read; its form is redis://host:6379/0") from None
