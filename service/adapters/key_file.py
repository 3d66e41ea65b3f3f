"""The file of keys, read again when it has changed: a key is added or withdrawn without a restart."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from service.adapters.keys import Keyring, read_holders
from service.settings import AuthSection, SettingsError

log = structlog.get_logger(__name__)

LOOK_S = 2.0
"""Between two looks at the file's times; it is read only when they, its size or its place have changed."""

_Stamp = tuple[int, int, int, int] | None


@asynccontextmanager
async def watched(
    keyring: Keyring | None, section: AuthSection, look_s: float = LOOK_S
) -> AsyncGenerator[None, None]:
    """Keep a keyring as the file has it, for as long as the context lasts."""
    if keyring is None or section.keys is None:
        yield
        return
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(_watch(keyring, section, section.keys, look_s))
        try:
            yield
        finally:
            watching.cancel()


async def _watch(keyring: Keyring, section: AuthSection, path: Path, look_s: float) -> None:
    seen: _Stamp = None
    complaint = ""
    while True:
        stamp = await asyncio.to_thread(_stamp, path)
        # What could not be read may be readable although it has not changed.
        if stamp != seen or complaint:
            seen = stamp
            complaint = await _read_again(keyring, section, complaint)
        await asyncio.sleep(look_s)


async def _read_again(keyring: Keyring, section: AuthSection, told: str) -> str:
    """Read it; a file that cannot be used changes nothing, since it may be half written.

    Returns what is wrong with it, which is logged unless it was `told` before.
    """
    try:
        holders = await asyncio.to_thread(read_holders, section) or {}
    except SettingsError as error:
        reason = str(error)
        if reason != told:
            log.warning("keys_not_read", reason=reason)
        return reason
    except Exception:
        # The gateway lives in the same task group: no file may end it.
        log.exception("keys_not_read")
        return ""
    if holders != keyring.holders:
        keyring.change(holders)
        log.info("keys_changed", keys=len(holders))
    return ""


def _stamp(path: Path) -> _Stamp:
    """Tell one state of the file from another. A copy may keep the time of the contents, not its own."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
