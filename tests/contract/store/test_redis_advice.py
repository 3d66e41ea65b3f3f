"""A Redis that is set up to forget jobs is told of once, however late it comes."""

import asyncio
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest
import structlog

from service.adapters.store import open_store
from service.settings import StoreSection
from tests.redis_server import RedisServer, redis_server

AS_ADVISED = {"maxmemory": "100mb", "maxmemory-policy": "noeviction"}


def _told(logs: list[MutableMapping[str, Any]]) -> list[str]:
    entries = [entry for entry in logs if entry["event"] == "redis_not_as_advised"]
    return [reason for entry in entries for reason in entry["advice"]]


async def _advice(server: RedisServer, *, starts_after_s: float = 0.0) -> list[str]:
    section = StoreSection.model_validate({"url": server.url, "timeout_s": 10})
    with structlog.testing.capture_logs() as logs:
        async with open_store(section):
            if starts_after_s:
                await asyncio.sleep(starts_after_s)
                server.start()
            async with asyncio.timeout(10):
                while not _told(logs):  # noqa: ASYNC110 - a log has no event
                    await asyncio.sleep(0.02)
    return _told(logs)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({**AS_ADVISED, "maxmemory-policy": "allkeys-lru"}, "maxmemory-policy is allkeys-lru"),
        ({**AS_ADVISED, "appendonly": "no"}, "appendonly is no"),
        ({"maxmemory": "0"}, "maxmemory is 0"),
    ],
)
async def test_what_would_lose_jobs_is_told(tmp_path: Path, options: dict[str, str], said: str) -> None:
    with redis_server(tmp_path, **options) as server:
        (reason,) = await _advice(server)

    assert reason.startswith(said)


async def test_nothing_is_told_of_one_that_is_as_advised(tmp_path: Path) -> None:
    with redis_server(tmp_path, **AS_ADVISED) as server, pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await _advice(server)


async def test_one_that_comes_late_is_looked_at_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.adapters.store.advice.AGAIN_S", 0.1)
    with redis_server(tmp_path, maxmemory="0") as server:
        server.kill()

        assert len(await _advice(server, starts_after_s=0.3)) == 1


async def test_one_that_does_not_tell_its_settings_is_let_be(tmp_path: Path) -> None:
    with redis_server(tmp_path, maxmemory="0") as server:
        server.say("ACL SETUSER default -info")

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await _advice(server)
