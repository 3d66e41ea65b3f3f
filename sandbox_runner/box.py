"""A box as the service sees it: one program, run once per test.

Not covered: what the box says about CPU time and memory is believed. A program that took over the first
process of its box could lie about both, and still would not know one expected output.
"""

import asyncio
import json
import os
import signal
from dataclasses import dataclass
from typing import Any, Self

from sandbox_runner.channel import ChannelClosedError
from sandbox_runner.jail import messages, values
from sandbox_runner.jail.ending import ERROR, Ending, MalformedEndingError
from sandbox_runner.launcher import Launcher, LauncherError, OpenedBox
from sandbox_runner.memory_files import Output, memory_files, sealable_file
from sandbox_runner.verdict import Limits

# How long after its wall limit a test may take to be cleared away before the box counts as broken.
_GRACE_S = 5.0
_REASON_LIMIT = 300


class BoxError(Exception):
    """A box broke. That is our failure, never the program's."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One finished test: how it ended and what it wrote."""

    ending: Ending
    output: Output
    out_of_memory: bool
    said: dict[str, Any]
    """What the test says about itself. The program may have forged it: it decides this test at most."""

    @classmethod
    def of(cls, ending: Ending, output: Output, *, out_of_memory: bool) -> Self:
        return cls(ending, output, out_of_memory, _parse_report(output.report))

    @property
    def error(self) -> dict[str, Any] | None:
        error = self.said.get("error")
        return error if isinstance(error, dict) else None


class Box:
    def __init__(self, launcher: Launcher, opened: OpenedBox, limits: Limits) -> None:
        self._launcher = launcher
        self._opened = opened
        self._limits = limits

    @classmethod
    def open(cls, launcher: Launcher, code: str, limits: Limits) -> Self:
        """Ask for a box and send the program ahead; what goes wrong shows at the first test."""
        source = sealable_file(code.encode("utf-8", "surrogatepass"))
        compiled = sealable_file()
        try:
            opened = launcher.open(limits)
            opened.channel.send(messages.pack({"limits": limits.as_message()}), (source, compiled))
        except (LauncherError, ChannelClosedError) as error:
            raise BoxError(str(error)) from error
        finally:
            os.close(source)
            os.close(compiled)
        return cls(launcher, opened, limits)

    async def close(self) -> None:
        """End every process of the box."""
        self._opened.channel.close()
        await self._launcher.close_box(self._opened.number)

    async def run_script(self, stdin: str) -> Trace:
        return await self._test(messages.SCRIPT, stdin.encode("utf-8", "surrogatepass"))

    async def run_call(self, entry_point: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Trace:
        return await self._test(entry_point.encode(), values.encode((args, kwargs)).encode())

    async def _test(self, request: bytes, given: bytes) -> Trace:
        with memory_files(given) as files:
            try:
                self._opened.channel.send(request, files.descriptors)
                async with asyncio.timeout(self._limits.wall_s + _GRACE_S):
                    answer = await self._opened.channel.receive()
                if answer.startswith(ERROR):
                    raise BoxError(answer[1:].decode("utf-8", "replace")[:_REASON_LIMIT])
                ending = Ending.unpack(answer)
            except (ChannelClosedError, TimeoutError, MalformedEndingError) as error:
                return await self._explain_loss(error, files.read(self._limits))
            killed = ending.status == -signal.SIGKILL and ending.stopped is None
            out_of_memory = killed and await self._ran_out_of_memory()
            return Trace.of(ending, files.read(self._limits), out_of_memory=out_of_memory)

    async def _explain_loss(self, error: Exception, output: Output) -> Trace:
        """A box that the kernel killed for want of memory was filled by its test; any other loss is ours."""
        opening = self._opened.opening
        if opening.done() and (refusal := opening.exception()) is not None:
            raise BoxError(str(refusal)[:_REASON_LIMIT]) from refusal
        if await self._ran_out_of_memory():
            return Trace.of(_lost(self._limits), output, out_of_memory=True)
        raise BoxError(f"{type(error).__name__}: {error}"[:_REASON_LIMIT]) from error

    async def _ran_out_of_memory(self) -> bool:
        try:
            return await self._launcher.oom_kills(self._opened.number) > 0
        except (LauncherError, TimeoutError):
            return False


def _lost(limits: Limits) -> Ending:
    return Ending(
        status=-signal.SIGKILL,
        stopped=None,
        cpu_s=0,
        wall_s=0,
        memory_bytes=limits.memory_bytes,
        fork_s=0,
        dirty=True,
        compiled=True,
    )


def _parse_report(report: bytes) -> dict[str, Any]:
    try:
        said = json.loads(report)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
