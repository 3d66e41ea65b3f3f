"""A box as the service sees it: one program, run once per test.

Not covered: what the box says about CPU time and memory is believed. A program that took over the first
process of its box could lie about both, and still would not know one expected output.
"""

import asyncio
import json
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Self

from sandbox_runner.boxes.channel import ChannelClosedError
from sandbox_runner.boxes.launcher import Launcher, LauncherError, OpenedBox
from sandbox_runner.boxes.memory_files import MemoryFiles, Output, sealable_file
from sandbox_runner.boxes.places import Setup
from sandbox_runner.domain.verdict import Limits
from sandbox_runner.jail import messages, values, views
from sandbox_runner.jail.ending import ERROR, Ending, MalformedEndingError
from sandbox_runner.jail.native import COMPILING

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

    lost: bool = False
    """The box ended with its test."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What was fetched from the working directory."""

    @classmethod
    def of(cls, ending: Ending, output: Output, *, out_of_memory: bool, lost: bool = False) -> Self:
        return cls(ending, output, out_of_memory, _parse_report(output.report), lost)

    @property
    def error(self) -> dict[str, Any] | None:
        error = self.said.get("error")
        return error if isinstance(error, dict) else None


Question = tuple[bytes, bytes]
"""A request to a box, and what its test is given."""


def script(stdin: str) -> Question:
    return messages.SCRIPT, stdin.encode("utf-8", "surrogatepass")


def call(
    entry_point: str,
    args: tuple[object, ...],
    kwargs: dict[str, object],
    seen: tuple[views.View, ...] = (),
    *,
    truth: bool = False,
) -> Question:
    """`seen`: what is looked at in the returned value; `truth`: whether no more than its truth counts."""
    return entry_point.encode(), values.encode((args, kwargs, views.told(seen), truth)).encode()


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A test that the box may have begun before anybody waits for it."""

    question: Question
    files: MemoryFiles


class Box:
    def __init__(self, launcher: Launcher, opened: OpenedBox, setup: Setup) -> None:
        self._launcher = launcher
        self._opened = opened
        self._limits = setup.limits
        self._dirty = False
        self._abandoned = False
        self._gone = False
        self._spent = False
        self._oom_kills_explained = 0
        self._ahead: _Ahead | None = None
        # Emptying leaves signs that the next test can see. Not so many as to compile once more for each.
        self._keeps = setup.command is not None

    @classmethod
    async def open(cls, launcher: Launcher, setup: Setup, source: str, clock: int | None = None) -> Self:
        """Ask for a box and send the program ahead; what goes wrong shows at the first test.

        `clock`: that of a program which a box of one test has others ask, as `run_connected` has it.
        """
        with _breaking(), ExitStack() as sent:
            opened = launcher.open(setup.ceiling, once=setup.once, clock=clock)
            box = cls(launcher, opened, setup)
            try:
                contents = [source.encode("utf-8", "surrogatepass")]
                if setup.kind == "python" and not opened.once:
                    contents.append(b"")  # for its code, which the first test leaves to the others
                files: list[int] = []
                for content in contents:
                    files.append(sealable_file(content))
                    sent.callback(os.close, files[-1])
                with suppress(ChannelClosedError):  # one that could not be made has said why
                    opened.channel.send(messages.pack(setup.as_message()), files)
            except BaseException:
                await box.close()
                raise
            return box

    async def close(self) -> None:
        """End every process of the box."""
        if self._ahead is not None:
            self._ahead.files.close()
            self._ahead = None
        try:
            self._opened.channel.close()
        finally:
            await self._close()

    async def put(self, files: Mapping[str, bytes]) -> None:
        """Put files into the working directory."""
        await self._tend(messages.PUT_FILES, messages.bundle(files))

    async def clean(self) -> bool:
        """Make ready for the next test; False where another box is needed."""
        if self._spent or not self._dirty:
            return not self._spent
        if not self._keeps:
            return False
        try:
            await self._tend(messages.CLEAN, b"")
        except BoxError:
            return False
        self._dirty = False
        return True

    async def compile(self) -> Trace:
        return await self._test(messages.COMPILE, b"", COMPILING)

    async def run_script(self, stdin: str, fetch: Sequence[str] = ()) -> Trace:
        trace = await self._test(*script(stdin))
        return replace(trace, files=await self._fetch(fetch)) if fetch and not trace.lost else trace

    async def run(self, question: Question, upcoming: Question | None = None) -> Trace:
        """Run one test. The box goes on with `upcoming`, if that is known, while this one is looked at."""
        return await self._test(*question, upcoming=None if self._keeps else upcoming)

    @property
    def wall_s(self) -> float:
        return self._limits.wall_s

    async def run_connected(
        self, request: bytes, given: bytes, connection: int, clock: int, wall_s: float | None = None
    ) -> Trace:
        """Run one side of a test of two jails; `connection` is a socket to the other.

        `clock` is a file for the program's clock. It may stand, and `wall_s` is how long that may last.
        """
        limits = replace(self._limits, wall_s=wall_s or self._limits.wall_s)
        return await self._test(request, given, limits, others=(connection, clock))

    async def hang_up(self) -> None:
        """End a test that nobody needs any more: it counts as having ended well."""
        self._abandoned = True
        await self._close()

    async def _close(self) -> None:
        if not self._gone:
            await self._launcher.close_box(self._opened.number)

    def _note_gone(self, ending: Ending) -> None:
        self._spent = self._gone = True
        self._launcher.count_leaked(ending.leaked_cgroups, ending.leaked_processes)

    async def _fetch(self, names: Sequence[str]) -> dict[str, bytes]:
        wanted = json.dumps([list(names), self._limits.output_bytes]).encode()
        return messages.unbundle(await self._tend(messages.FETCH_FILES, wanted))

    async def _tend(self, request: bytes, given: bytes) -> bytes:
        """Ask for something that runs no program, and give what it wrote."""
        with _breaking(), closing(MemoryFiles.make(given)) as files:
            self._opened.channel.send(request, (files.given, files.stdout))
            async with asyncio.timeout(_GRACE_S):
                answer = await self._opened.channel.receive()
            _refuse_error(answer)
            return files.read_stdout()

    async def _test(
        self,
        request: bytes,
        given: bytes,
        limits: Limits | None = None,
        *,
        others: tuple[int, ...] = (),
        upcoming: Question | None = None,
    ) -> Trace:
        limits = limits or self._limits
        with _breaking(), closing(self._begun(request, given)) as files:
            try:
                if self._ahead is None:
                    self._send(request, files, others)
                self._ahead = None
                if upcoming is not None:
                    self._ahead = _Ahead(upcoming, MemoryFiles.make(upcoming[1]))
                    self._send(upcoming[0], self._ahead.files)
                async with asyncio.timeout(limits.wall_s + _GRACE_S):
                    answer = await self._opened.channel.receive()
                _refuse_error(answer)
                ending = Ending.unpack(answer)
            except (ChannelClosedError, TimeoutError, MalformedEndingError) as error:
                return await self._explain_loss(error, files.read(limits))
            self._dirty = self._dirty or ending.dirty
            if self._opened.once:
                self._note_gone(ending)
            killed = ending.status == -signal.SIGKILL and ending.stopped is None
            out_of_memory = killed and await self._ran_out_of_memory()
            return Trace.of(ending, files.read(limits), out_of_memory=out_of_memory)

    def _begun(self, request: bytes, given: bytes) -> MemoryFiles:
        """The files of a test: those of the one sent ahead, which must be this one, or new ones."""
        if self._ahead is None:
            return MemoryFiles.make(given)
        if self._ahead.question != (request, given):
            raise BoxError("another test was sent ahead")
        return self._ahead.files

    def _send(self, request: bytes, files: MemoryFiles, others: tuple[int, ...] = ()) -> None:
        self._opened.channel.send(request, (*files.descriptors, *others))

    async def _explain_loss(self, error: Exception, output: Output) -> Trace:
        """A box that the kernel killed for want of memory was filled by its test; any other loss is ours."""
        self._spent = True
        if self._abandoned:
            return Trace.of(_lost(self._limits, 0), output, out_of_memory=False, lost=True)
        if isinstance(error, ChannelClosedError):
            _refuse_error(await self._last_words())
        if await self._ran_out_of_memory():
            return Trace.of(_lost(self._limits, -signal.SIGKILL), output, out_of_memory=True, lost=True)
        raise BoxError(f"{type(error).__name__}: {error}"[:_REASON_LIMIT]) from error

    async def _last_words(self) -> bytes:
        """What was said on a channel before its other end was closed, and not read yet."""
        try:
            async with asyncio.timeout(_GRACE_S):
                return await self._opened.channel.receive()
        except (ChannelClosedError, TimeoutError):
            return b""

    async def _ran_out_of_memory(self) -> bool:
        """Whether the kernel killed for want of memory, and not only in a test whose end that explains."""
        if self._abandoned or self._gone:
            return False
        try:
            kills = await self._launcher.oom_kills(self._opened.number)
        except (LauncherError, TimeoutError):
            return False
        explained, self._oom_kills_explained = self._oom_kills_explained, kills
        return kills > explained


@contextmanager
def _breaking() -> Iterator[None]:
    """A box that cannot be asked is a broken one: the service may be out of descriptors, or of memory."""
    try:
        yield
    except (LauncherError, ChannelClosedError, OSError) as error:
        raise BoxError(f"{type(error).__name__}: {error}"[:_REASON_LIMIT]) from error


def _refuse_error(answer: bytes) -> None:
    if answer.startswith(ERROR):
        raise BoxError(answer[1:].decode("utf-8", "replace")[:_REASON_LIMIT])


def _lost(limits: Limits, status: int) -> Ending:
    return Ending(
        status=status,
        stopped=None,
        cpu_s=0,
        wall_s=0,
        memory_bytes=limits.memory_bytes,
        fork_s=0,
        dirty=True,
        compiled=True,
    )


def _parse_report(report: bytes) -> dict[str, Any]:
    if not report:
        return {}
    try:
        said = json.loads(report)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
