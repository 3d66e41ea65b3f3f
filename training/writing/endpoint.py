"""Generation by an OpenAI-compatible endpoint, such as a vLLM server: many requests in flight, all kept."""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from service.adapters.openai import OpenAIModel
from service.domain.chat import Completion, Message, Sampling, TokenUsage
from service.domain.errors import ContextError
from training.config import EndpointConfig
from training.first_error import first_error
from training.tasks.records import mended_lines
from training.writing.served import served_model


class Journal:
    """Completions by what was asked, appended as they arrive: a killed run asks for the missing ones only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = {line["key"]: line for line in mended_lines(path)}
        path.parent.mkdir(parents=True, exist_ok=True)

    def get(self, key: str) -> Completion | None:
        """The completion kept under a key."""
        line = self._known.get(key)
        if line is None:
            return None
        return Completion(line["text"], line["finish_reason"], TokenUsage(**line["usage"]))

    def add(self, key: str, completion: Completion) -> None:
        """Keep a completion."""
        usage = asdict(completion.usage)
        line = {
            "key": key,
            "text": completion.text,
            "finish_reason": completion.finish_reason,
            "usage": usage,
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._known[key] = line


class EndpointWriter:
    """A `Writer` that asks an endpoint. Equal prompts get seeds of their own, so they differ repeatably."""

    def __init__(self, endpoint: EndpointConfig, journal: Path) -> None:
        self._endpoint, self._journal = endpoint, Journal(journal)
        self._too_long = 0

    def write(self, prompts: Sequence[list[Message]], sampling: Sampling, label: str) -> list[Completion]:
        """Return one completion a prompt; raises `ModelError` where the endpoint stays broken.

        A prompt that does not fit the model's context gets an empty one that ends by length.
        """
        self._too_long = 0
        completions = asyncio.run(self._write(prompts, sampling, label))
        if self._too_long:
            Console(stderr=True).print(
                f"{self._too_long} of {len(prompts)} {label} are left empty: they do not fit the model"
            )
        return completions

    async def _write(
        self, prompts: Sequence[list[Message]], sampling: Sampling, label: str
    ) -> list[Completion]:
        orders = _numbered(prompts, sampling)
        slots = asyncio.Semaphore(self._endpoint.concurrency)
        with Progress(transient=True) as progress:
            bar = progress.add_task(label, total=len(orders))

            async def one(prompt: list[Message], seeded: Sampling) -> Completion:
                async with slots:
                    completion = await self._ask(model, prompt, seeded)
                progress.advance(bar)
                return completion

            async with served_model("endpoint", self._endpoint) as model:
                with first_error():
                    async with asyncio.TaskGroup() as group:
                        tasks = [group.create_task(one(*order)) for order in orders]
        return [task.result() for task in tasks]

    async def _ask(self, model: OpenAIModel, prompt: list[Message], sampling: Sampling) -> Completion:
        key = _key(self._endpoint.model, prompt, sampling)
        known = self._journal.get(key)
        if known is not None:
            return known
        try:
            (completion,) = await model.complete(prompt, sampling)
        except ContextError:  # the others go on; a restart would fail at the same prompt
            self._too_long += 1
            completion = Completion("", "length", TokenUsage())
        self._journal.add(key, completion)
        return completion


def _numbered(prompts: Sequence[list[Message]], sampling: Sampling) -> list[tuple[list[Message], Sampling]]:
    """Give the n-th of equal prompts the n-th seed."""
    seen: Counter[str] = Counter()
    orders = []
    for prompt in prompts:
        text = repr(prompt)
        seed = None if sampling.seed is None else sampling.seed + seen[text]
        orders.append((prompt, replace(sampling, seed=seed)))
        seen[text] += 1
    return orders


def _key(model: str, prompt: list[Message], sampling: Sampling) -> str:
    asked = json.dumps([model, [asdict(message) for message in prompt], asdict(sampling)])
    return hashlib.sha256(asked.encode()).hexdigest()
