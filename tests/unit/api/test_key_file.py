"""A file of keys that changes while the gateway runs."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
from pydantic import PrivateAttr

from service.adapters.key_file import watched
from service.adapters.keys import Keyring, entry_text, open_entries, open_keyring
from service.adapters.memory_limits import MemoryLimits
from service.settings import AuthSection, SettingsError
from tests.unit.api.auth_keys import KEYS, auth, entry
from tests.unit.api.world import settings, until


@asynccontextmanager
async def _open(directory: Path) -> AsyncGenerator[tuple[Keyring, Path], None]:
    section = auth(directory, entry("refine"))
    keyring = open_keyring(settings(auth=section))
    assert keyring is not None
    assert section.keys is not None
    async with watched(keyring, section, 0.01):
        yield keyring, section.keys


class _Unready(AuthSection):
    """A file that cannot be opened for a while, as where all descriptors are in use."""

    _refusals: int = PrivateAttr(default=3)

    def text(self) -> str | None:
        if self._refusals:
            self._refusals -= 1
            raise SettingsError("auth.keys: too many open files")
        return super().text()


def _write(path: Path, *texts: str) -> None:
    """Put another file in its place, as those who deploy secrets do."""
    new = path.with_suffix(".new")
    new.write_text("".join(texts), encoding="utf-8")
    os.replace(new, path)  # noqa: PTH105


async def test_a_key_that_is_added_opens_and_one_that_is_withdrawn_does_not(tmp_path: Path) -> None:
    async with _open(tmp_path) as (keyring, path):
        assert keyring.holder(KEYS["judge"]) is None

        _write(path, entry_text(entry("judge")))
        await until(lambda: keyring.holder(KEYS["judge"]) is not None)

    assert keyring.holder(KEYS["refine"]) is None


async def test_a_file_that_cannot_be_used_changes_nothing_until_it_can(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logs:
        async with _open(tmp_path) as (keyring, path):
            _write(path, "[[keys]")
            await until(lambda: any(line["event"] == "keys_not_read" for line in logs))
            path.unlink()
            await asyncio.sleep(0.05)
            kept = keyring.holder(KEYS["refine"])

            _write(path, entry_text(entry("refine")), entry_text(entry("judge")))
            await until(lambda: keyring.holder(KEYS["judge"]) is not None)

    assert kept is not None


@pytest.mark.parametrize("text", [f"x = {'1' * 5_000}", f'{{"keys": [{"1" * 5_000}]}}'])
async def test_a_number_that_python_makes_none_of_is_no_more_than_a_file_that_cannot_be_used(
    tmp_path: Path, text: str
) -> None:
    with structlog.testing.capture_logs() as logs:
        async with _open(tmp_path) as (keyring, path):
            _write(path, text)
            await until(lambda: any(line["event"] == "keys_not_read" for line in logs))
            _write(path, entry_text(entry("judge")))
            await until(lambda: keyring.holder(KEYS["judge"]) is not None)


async def test_a_file_whose_time_and_size_were_kept_is_read_all_the_same(tmp_path: Path) -> None:
    async with _open(tmp_path) as (keyring, path):
        await until(lambda: keyring.holder(KEYS["refine"]) is not None)
        was = path.stat()
        await asyncio.sleep(0.05)
        path.write_text(entry_text(entry("judge")).ljust(was.st_size), encoding="utf-8")
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
        assert path.stat().st_size == was.st_size
        await until(lambda: keyring.holder(KEYS["refine"]) is None)


async def test_what_could_not_be_read_is_tried_again_and_told_once(tmp_path: Path) -> None:
    auth(tmp_path, entry("judge"))
    section = _Unready(keys=tmp_path / "keys.toml")
    keyring = Keyring(open_entries([entry("refine")]))
    with structlog.testing.capture_logs() as logs:
        async with watched(keyring, section, 0.01):
            await until(lambda: keyring.holder(KEYS["judge"]) is not None)

    assert [line["event"] for line in logs] == ["keys_not_read", "keys_changed"]


async def test_a_quota_that_is_changed_holds_at_once(tmp_path: Path) -> None:
    async with _open(tmp_path) as (keyring, path):
        limits = MemoryLimits(keyring.quotas)
        unlimited = await limits.reserve("acme", 0, 0)

        _write(path, entry_text(entry("refine", requests_per_minute=1)))
        await until(lambda: keyring.quotas["acme"].requests_per_minute == 1)
        standings = [await limits.reserve("acme", 0, 0) for _ in range(2)]

    assert unlimited.requests is None
    assert [standing.granted for standing in standings] == [True, False]


async def test_what_has_not_changed_is_not_read_again(tmp_path: Path) -> None:
    async with _open(tmp_path) as (keyring, _):
        holders = keyring.holders
        await asyncio.sleep(0.1)

    assert keyring.holders is holders
