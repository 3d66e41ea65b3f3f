"""What a chain of rounds may still spend: tokens and time."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import TypeVar

from service.domain.chat import Sampling
from service.domain.refinement import StopReason

_T = TypeVar("_T")


class SpentError(Exception):
    """A budget ran out. It ends a chain, never a request."""

    def __init__(self, stop_reason: StopReason) -> None:
        super().__init__(stop_reason)
        self.stop_reason = stop_reason


@dataclass(slots=True)
class Purse:
    """Completion tokens left, and the event loop's time at which to stop; None is unbounded."""

    tokens: int | None = None
    deadline: float | None = None

    @property
    def is_empty(self) -> bool:
        return self.tokens is not None and self.tokens <= 0

    def allow(self, sampling: Sampling) -> Sampling:
        """Cap a completion at the tokens left, if there are any and there is time."""
        if self.deadline is not None and asyncio.get_running_loop().time() >= self.deadline:
            raise SpentError(StopReason.DEADLINE)
        if self.is_empty:
            raise SpentError(StopReason.BUDGET_EXHAUSTED)
        if self.tokens is None:
            return sampling
        longest = self.tokens if sampling.max_tokens is None else min(sampling.max_tokens, self.tokens)
        return replace(sampling, max_tokens=longest, room=self.tokens)

    def pay(self, completion_tokens: int) -> None:
        """Take tokens out."""
        if self.tokens is not None:
            self.tokens -= completion_tokens

    async def within_time(self, work: Awaitable[_T]) -> _T:
        """Wait for the work until the deadline, then cancel it."""
        limit = asyncio.timeout_at(self.deadline)
        try:
            async with limit:
                return await work
        except TimeoutError:
            # Work that times out for reasons of its own is a bug in an adapter.
            if limit.expired():
                raise SpentError(StopReason.DEADLINE) from None
            raise
