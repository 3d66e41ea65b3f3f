"""Asks a model once for what is asked several times: at the same moment, or shortly after.

Only what a model would answer the same way again: decoded greedily or with a seed, and not streamed.
Who waits for an answer may leave: the call ends with the last of them.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from service.caller import asking, caller, spend
from service.domain.chat import ChatModel, Completion, Message, Sampling
from service.observing.stopwatch import following

_MOST_TOKENS = 4096
"""Answers with more logprobs are not kept: what is kept of each is its JSON."""

Answer = tuple[Completion, ...]


class Result(StrEnum):
    """What became of a call that may be shared."""

    HIT = "hit"
    SHARED = "shared"
    MISS = "miss"


@dataclass(slots=True)
class Memory:
    """The answers used last, each for a while. None are kept where `entries` is 0."""

    entries: int
    ttl_s: float
    clock: Callable[[], float] = time.monotonic
    _kept: OrderedDict[bytes, tuple[float, Answer]] = field(default_factory=OrderedDict)

    def get(self, key: bytes) -> Answer | None:
        expires, answer = self._kept.get(key, (0.0, None))
        if answer is None:
            return None
        if self.clock() >= expires:
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return answer

    def put(self, key: bytes, answer: Answer) -> None:
        if sum(len(completion.logprobs or ()) for completion in answer) > _MOST_TOKENS:
            return
        self._kept[key] = (self.clock() + self.ttl_s, answer)
        self._kept.move_to_end(key)
        while len(self._kept) > self.entries:
            self._kept.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Answered:
    answer: Answer | Exception
    completion_tokens: int


@dataclass(slots=True)
class _Call:
    task: asyncio.Task[_Answered]
    waiting: int = 0
    is_paid: bool = False

    def pay(self, answered: _Answered) -> None:
        """Put it on the bill of who gets its answer first: whoever began it may have left."""
        if not self.is_paid:
            self.is_paid = True
            spend(answered.completion_tokens)


class RememberingModel:
    """A chat model whose answers are shared. It belongs to one model: a key need not name it."""

    def __init__(
        self,
        model: ChatModel,
        group: asyncio.TaskGroup,
        memory: Memory,
        count: Callable[[Result], None],
        scope: Callable[[], str] = str,
    ) -> None:
        """Nothing is shared between callers for whom `scope` says different things, such as a tenant."""
        self._model, self._group, self._memory = model, group, memory
        self._count, self._scope = count, scope
        self._calls: dict[bytes, _Call] = {}

    @property
    def name(self) -> str:
        return self._model.name

    def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[str | Completion, None]:
        return self._model.stream(messages, sampling)

    async def complete(self, messages: Sequence[Message], sampling: Sampling, n: int = 1) -> Answer:
        if sampling.temperature != 0 and sampling.seed is None:
            return await self._model.complete(messages, sampling, n)
        key = self._key(messages, sampling, n)
        if (kept := self._memory.get(key)) is not None:
            self._count(Result.HIT)
            return kept
        if (call := self._calls.get(key)) is not None:
            self._count(Result.SHARED)
            with following():
                return await self._answer(key, call)
        self._count(Result.MISS)
        # The task inherits the context of who asks first: theirs is the trace, and the tenant is everybody's.
        call = self._calls[key] = _Call(self._group.create_task(self._ask(messages, sampling, n)))
        return await self._answer(key, call)

    async def _ask(self, messages: Sequence[Message], sampling: Sampling, n: int) -> _Answered:
        """Return a failure, too: raised here it would end the calls of others."""
        with asking(caller()) as account:
            answer: Answer | Exception
            try:
                answer = await self._model.complete(messages, sampling, n)
            except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
                answer = error
            return _Answered(answer, account.completion_tokens)

    async def _answer(self, key: bytes, call: _Call) -> Answer:
        call.waiting += 1
        try:
            answered = await asyncio.shield(call.task)
        finally:
            call.waiting -= 1
            if call.task.done() and not call.task.cancelled():
                call.pay(call.task.result())
            if not call.waiting or call.task.done():
                call.task.cancel()
                # Whoever comes now begins anew, even while the cancelled call is still ending.
                if self._calls.get(key) is call:
                    del self._calls[key]
        if isinstance(answered.answer, Exception):
            raise answered.answer
        self._memory.put(key, answered.answer)
        return answered.answer

    def _key(self, messages: Sequence[Message], sampling: Sampling, n: int) -> bytes:
        turns = [(message.role, message.content) for message in messages]
        asked = repr((self._scope(), turns, sampling, n))
        return sha256(asked.encode(errors="surrogatepass")).digest()


@asynccontextmanager
async def calls_of_many() -> AsyncGenerator[asyncio.TaskGroup, None]:
    """Own the calls that several wait for. A failure of the body leaves as it is, not in a group."""
    failure = None
    async with asyncio.TaskGroup() as group:
        try:
            yield group
        except Exception as error:  # noqa: BLE001 - it is raised below
            failure = error
    if failure is not None:
        raise failure
