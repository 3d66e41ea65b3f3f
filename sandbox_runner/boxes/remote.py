"""Run a test of two jails: the program answers in one, the test code asks in the other, over a socket."""

import asyncio
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from sandbox_runner.boxes.box import Box, BoxError, Trace
from sandbox_runner.boxes.memory_files import sealable_file
from sandbox_runner.domain.cases import CodeCase, RemoteCase
from sandbox_runner.jail import messages
from sandbox_runner.jail.remote.tests_side.findings import SEAL

# A program has its answer once its tests have ended; what it does from then on is its own affair.
_FAREWELL_S = 1.0
# Its box waits longer than that of the tests, whose end is the end of both.
_MARGIN_S = 5.0


async def run_both(servant: Box, asker: Box, case: RemoteCase, clock: int) -> tuple[Trace, Trace]:
    """The traces of the program's and of the tests' process. Raises BoxError if either box broke."""
    try:
        return await _run_both(servant, asker, case, clock)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    except OSError as error:
        raise BoxError(str(error)) from error


async def _run_both(servant: Box, asker: Box, case: RemoteCase, clock: int) -> tuple[Trace, Trace]:
    theirs, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with theirs, ours:
        seal = secrets.token_hex()
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(
                servant.run_connected(messages.SERVE, b"", theirs.fileno(), clock, asker.wall_s + _MARGIN_S)
            )
            asking = group.create_task(asker.run_connected(*_question(case, seal), ours.fileno(), clock))
            await asyncio.sleep(0)  # the first step of each sends its end to a box, and ours may go
            theirs.close()
            ours.close()
            tests = await asking
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(serving), _FAREWELL_S)
            if not serving.done():
                await servant.hang_up()
    return serving.result(), _sealed(tests, seal)


def _sealed(tests: Trace, seal: str) -> Trace:
    """Without a report that is not by the tests' jail itself.

    Where tests replace `os.write` by a mock that calls it, the program writes there, and knows no seal.
    """
    told = tests.said.get("value")
    members = told.get("dict") if isinstance(told, dict) else None
    is_sealed = isinstance(members, list) and [SEAL, seal] in members
    return tests if is_sealed else replace(tests, said={})


@contextmanager
def made_clock() -> Iterator[int]:
    """A file for the clock of a program that others ask. Raises BoxError."""
    try:
        descriptor = sealable_file()
    except OSError as error:
        raise BoxError(str(error)) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _question(case: RemoteCase, seal: str) -> tuple[bytes, bytes]:
    told: dict[str, object] = {SEAL: seal}
    if isinstance(case, CodeCase):
        told |= {"source": case.source, "entry_point": case.entry_point}
        return messages.TEST_CODE, json.dumps(told).encode()
    return messages.TEST_FILES, json.dumps({**told, "files": dict(case.files), "names": case.names}).encode()
