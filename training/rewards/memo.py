"""Results by key, for work that is dear and always comes out the same."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_KEPT = 100_000


class Memo(Generic[K, V]):
    """Does equal work once, also while it is still going on. Failures are not kept: they may pass."""

    def __init__(self, kept: int = _KEPT) -> None:
        """Beyond `kept` results the oldest are forgotten."""
        self._kept = kept
        self._results: OrderedDict[K, V] = OrderedDict()
        self._going: dict[K, asyncio.Future[V]] = {}

    async def get(self, key: K, work: Callable[[], Awaitable[V]]) -> V:
        """Return the result under `key`, doing the work if nobody has; all who wait share its failure."""
        if key in self._results:
            self._results.move_to_end(key)
            return self._results[key]
        if key not in self._going:
            return await self._do(key, work)
        return await asyncio.shield(self._going[key])

    async def _do(self, key: K, work: Callable[[], Awaitable[V]]) -> V:
        future = self._going[key] = asyncio.get_running_loop().create_future()
        try:
            result = await work()
        except BaseException as error:
            future.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
            future.exception()  # nobody may be waiting: that is no lost error
            raise
        else:
            future.set_result(result)
            self._keep(key, result)
            return result
        finally:
            del self._going[key]

    def _keep(self, key: K, result: V) -> None:
        self._results[key] = result
        if len(self._results) > self._kept:
            self._results.popitem(last=False)
