"""A small llama checkpoint as a `ChatModel`: in this process, on the CPU, in numpy."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import JsonValue

from service.adapters.embedded.blas import limit_blas_threads
from service.adapters.embedded.cache import PrefixCache, blocks_within
from service.adapters.embedded.checkpoint import Checkpoint, CheckpointError, open_checkpoint
from service.adapters.embedded.sampling import Decoding, Sampler
from service.adapters.embedded.scheduler import Scheduler
from service.adapters.embedded.text import Text, load_text
from service.adapters.embedded.ticket import Ticket
from service.adapters.embedded.transformer import Transformer
from service.adapters.embedded.weights import load_weights
from service.adapters.embedded.writing import Order, Writing
from service.domain.chat import Completion, Message, Sampling
from service.domain.errors import ContextError

MAX_ALTERNATIVES = 20
"""As many logprobs a token as the OpenAI API gives."""


class EmbeddedModel:
    """Runs a checkpoint. What it writes depends on the request alone, not on what else is in flight."""

    def __init__(self, name: str, checkpoint: Checkpoint, text: Text, scheduler: Scheduler) -> None:
        self.name = name
        self._checkpoint, self._text, self._scheduler = checkpoint, text, scheduler

    @classmethod
    def load(
        cls,
        name: str,
        path: Path | str,
        *,
        slots: int = 8,
        max_waiting: int = 1024,
        prefix_cache_bytes: int = 64 * 2**20,
    ) -> Self:
        """Read a checkpoint's directory, verifying what its manifest lists; a bad one is a `ModelError`.

        `slots` completions are written at a time, and `max_waiting` is when new calls are turned away: by
        default not before a gateway turns requests away itself (64, each of 16 calls at once).
        Limits BLAS to one thread, in the whole process.
        """
        limit_blas_threads(1)
        try:
            return cls._loaded(name, Path(path), slots, max_waiting, prefix_cache_bytes)
        except CheckpointError as error:
            raise CheckpointError(f"model {name!r}: {error}") from error

    @classmethod
    def _loaded(cls, name: str, path: Path, slots: int, max_waiting: int, cache_bytes: int) -> Self:
        checkpoint, text = open_checkpoint(path), load_text(path)
        architecture = checkpoint.architecture
        if text.vocabulary_size > architecture.vocab_size:
            raise CheckpointError(
                f"{path}: tokenizer.json has {text.vocabulary_size} tokens, "
                f"the model {architecture.vocab_size}: the two files are not of one model"
            )
        transformer = Transformer(architecture, load_weights(path / "model.safetensors", architecture))
        prefixes = PrefixCache(blocks_within(cache_bytes, architecture))
        scheduler = Scheduler(name, transformer, prefixes, slots=slots, max_waiting=max_waiting)
        return cls(name, checkpoint, text, scheduler)

    @property
    def manifest(self) -> Mapping[str, JsonValue]:
        """Return what the weights say of themselves; empty where they say nothing."""
        return self._checkpoint.manifest

    @property
    def context_tokens(self) -> int:
        """Return how many tokens prompt and completion may have together."""
        return self._checkpoint.architecture.max_position_embeddings

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[str | Completion, None]:
        """Yield pieces of text as they are written, and last the whole `Completion`."""
        ticket = Ticket(streams=True)
        writing = self._writing(self._order(messages, sampling), sampling, ticket)
        self._scheduler.submit([writing])
        try:
            while piece := await ticket.more():
                yield piece
            yield await ticket.completion()
        finally:
            self._scheduler.cancel([writing])

    async def complete(
        self, messages: Sequence[Message], sampling: Sampling, n: int = 1
    ) -> tuple[Completion, ...]:
        """Return `n` completions; the i-th has the seed `seed + i`.

        At most as many as there are slots are queued at a time: a call is not to fill the queue by itself.
        """
        order = self._order(messages, sampling)
        writings = [self._writing(order, sampling.apart(index), Ticket()) for index in range(n)]
        slots = self._scheduler.slots
        queued = self._scheduler.submit(writings[:slots])
        completions: list[Completion] = []
        try:
            for writing in writings:
                completions.append(await writing.ticket.completion())
                if following := writings[queued : len(completions) + slots]:
                    queued += self._scheduler.submit(following, in_place=True)
        finally:
            self._scheduler.cancel(writings)
        return tuple(completions)

    async def aclose(self) -> None:
        """Fail what is in flight and end the worker thread."""
        await asyncio.to_thread(self._scheduler.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _order(self, messages: Sequence[Message], sampling: Sampling) -> Order:
        # One token is left for the completion.
        prompt = self._text.prompt(messages, self.context_tokens - 1)
        if not prompt:
            raise ContextError("the prompt is empty")
        left = self.context_tokens - len(prompt)
        asked = sampling.max_tokens or self._checkpoint.generation.max_new_tokens or left
        return Order(
            prompt=prompt,
            max_tokens=min(asked, left),
            end_tokens=self._checkpoint.end_tokens,
            stop=sampling.stop,
            logprobs=None if sampling.logprobs is None else min(sampling.logprobs, MAX_ALTERNATIVES),
        )

    def _writing(self, order: Order, sampling: Sampling, ticket: Ticket) -> Writing:
        decoding = Decoding.of(sampling, self._checkpoint.generation)
        return Writing(order, Sampler(decoding, sampling.seed), self._text, ticket)
