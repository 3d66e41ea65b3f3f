"""Run a test of two jails: the program answers in one, the test code asks in the other, over a socket."""

import asyncio
import json
import socket
from contextlib import suppress

from sandbox_runner.boxes.box import Box, BoxError, Trace
from sandbox_runner.domain.cases import CodeCase, RemoteCase
from sandbox_runner.jail import messages

# A program has its answer once its tests have ended; what it does from then on is its own affair.
_FAREWELL_S = 1.0


async def run_both(servant: Box, asker: Box, case: RemoteCase) -> tuple[Trace, Trace]:
    """The traces of the program's and of the tests' process. Raises BoxError if either box broke."""
    try:
        return await _run_both(servant, asker, case)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    except OSError as error:
        raise BoxError(str(error)) from error


async def _run_both(servant: Box, asker: Box, case: RemoteCase) -> tuple[Trace, Trace]:
    theirs, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with theirs, ours:
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(servant.run_connected(messages.SERVE, b"", theirs.fileno()))
            asking = group.create_task(asker.run_connected(*_question(case), ours.fileno()))
            await asyncio.sleep(0)  # the first step of each sends its end to a box, and ours may go
            theirs.close()
            ours.close()
            tests = await asking
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(serving), _FAREWELL_S)
            if not serving.done():
                await servant.hang_up()
    return serving.result(), tests


def _question(case: RemoteCase) -> tuple[bytes, bytes]:
    if isinstance(case, CodeCase):
        told: dict[str, object] = {"source": case.source, "entry_point": case.entry_point}
        return messages.TEST_CODE, json.dumps(told).encode()
    return messages.TEST_FILES, json.dumps({"files": dict(case.files), "names": case.names}).encode()
