"""The worker thread: takes orders in, and writes all completions in flight a token at a time."""

import threading
from collections import deque
from collections.abc import Sequence

from service.adapters.embedded.cache import BLOCK, KeyValues, PrefixCache
from service.adapters.embedded.transformer import Transformer
from service.adapters.embedded.writing import Writing
from service.domain.errors import ModelError, OverloadedError


class Scheduler:
    """Continuous batching: each turn admits, computes one block of one prompt, and decodes one token of all.

    A long prompt therefore delays the others by a block, not by its length.
    """

    def __init__(
        self, name: str, transformer: Transformer, prefixes: PrefixCache, *, slots: int, max_waiting: int
    ) -> None:
        self._name = name
        self._transformer, self._prefixes = transformer, prefixes
        self.slots, self._max_waiting = slots, max_waiting
        self._changed = threading.Condition()
        self._waiting: deque[Writing] = deque()
        self._active: list[Writing] = []
        self._closing = False
        # A daemon: an interpreter that ends without closing its models must not hang on this thread.
        self._thread = threading.Thread(target=self._work, name=f"embedded-{name}", daemon=True)

    def submit(self, writings: Sequence[Writing], *, in_place: bool = False) -> int:
        """Queue completions of a call, the first at least, and return how many.

        The others only as far as slots may soon be free, so that a few large calls do not keep many out.
        `in_place`: of ended ones, for a call that was let in. Raises `OverloadedError` where it was not.
        """
        with self._changed:
            if self._closing:
                raise ModelError(f"model {self._name!r} is closed")
            if not in_place and len(self._waiting) >= self._max_waiting:
                raise OverloadedError(f"model {self._name!r}: {self._max_waiting} completions are waiting")
            if self._thread.ident is None:
                self._thread.start()
            queued = writings[: max(1, self.slots - len(self._waiting))]
            self._waiting.extend(queued)
            self._changed.notify()
            return len(queued)

    def cancel(self, writings: Sequence[Writing]) -> None:
        """Stop writing; what still waits leaves the queue at once, the rest its slot after this token."""
        with self._changed:
            for writing in writings:
                writing.ticket.cancelled = True
                if writing in self._waiting:
                    self._waiting.remove(writing)

    def close(self) -> None:
        """Fail what is in flight, and wait for the thread to end."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        while self._admit():
            try:
                self._turn()
            except Exception as error:  # noqa: BLE001 - a bug must fail its requests, not leave them waiting
                self._abandon(self._active, f"failed ({type(error).__name__}: {error})")
        self._abandon([*self._active, *self._waiting], "was closed")

    def _admit(self) -> bool:
        """Fill free slots, waiting until there is something to do; False: time to end."""
        with self._changed:
            self._active = [w for w in self._active if not (w.finished or w.ticket.cancelled)]
            self._changed.wait_for(lambda: self._closing or self._active or self._waiting)
            while self._waiting and len(self._active) < self.slots:
                self._active.append(self._waiting.popleft())
            return not self._closing

    def _turn(self) -> None:
        ready = [writing for writing in self._active if writing.tokens]
        if (fresh := next((writing for writing in self._active if not writing.tokens), None)) is not None:
            self._prefill(fresh)
        if ready:
            caches = [writing.cache for writing in ready if writing.cache is not None]
            tokens = [writing.tokens[-1] for writing in ready]
            for writing, logits in zip(ready, self._transformer.decode(tokens, caches), strict=True):
                writing.accept(logits)

    def _prefill(self, writing: Writing) -> None:
        """Compute a block of the prompt; after the last one, choose the first token."""
        prompt = writing.order.prompt
        if writing.cache is None:
            capacity = len(prompt) + writing.order.max_tokens
            writing.cache = KeyValues(self._transformer.architecture, capacity)
            writing.cached_tokens = self._prefixes.restore(prompt, writing.cache)
        start = writing.cache.length
        hidden = self._transformer.prefill(prompt[start : start + BLOCK], writing.cache)
        if writing.cache.length == start + BLOCK:
            self._prefixes.store(prompt, start + BLOCK, writing.cache)
        if writing.cache.length == len(prompt):
            writing.accept(self._transformer.logits(hidden))

    def _abandon(self, writings: Sequence[Writing], why: str) -> None:
        for writing in [writing for writing in writings if not writing.finished]:
            writing.finished = True
            writing.ticket.settle(ModelError(f"model {self._name!r} {why}"))
