"""How fast the embedded engine loads, reads and writes, beside transformers where that is installed.

    python -m benchmarks.embedded [--model DIR] [--rounds N] [--tokens N]

One thread each. The two take turns within a round; what is printed is the median over the rounds, and the
median of the rounds' ratios, so that a busy machine disturbs both alike.
"""

# ruff: noqa: PLC0415 - torch is imported only where there is something to compare with
import argparse
import asyncio
import importlib.util
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Protocol

from service.adapters.embedded import EmbeddedModel
from service.domain.chat import Message, Sampling
from tests.engine_checkpoint import Shape, write_checkpoint

MINI = Path(__file__).parents[1] / "weights" / "mini" / "critic"
RANDOM = Shape(
    hidden=192, intermediate=512, layers=5, heads=6, groups=6, context=1024, vocabulary=3072, scale=0.05
)
BATCH = 8

Prompts = Sequence[Sequence[Message]]
Figures = dict[str, float]


class Engine(Protocol):
    """What is measured."""

    async def read(self, prompts: Prompts) -> int:
        """Read prompts one after another; return how many tokens they were."""

    async def write(self, prompts: Prompts, tokens: int) -> int:
        """Write a completion of each prompt at once; return how many tokens they were."""


class Embedded:
    """This project's engine. The prefix cache is off: it would make the second round look too good."""

    def __init__(self, path: Path) -> None:
        self.model = EmbeddedModel.load("benchmark", path, slots=BATCH, prefix_cache_bytes=0)

    async def read(self, prompts: Prompts) -> int:
        sampling = Sampling(temperature=0, max_tokens=1)
        calls = [await self.model.complete(prompt, sampling) for prompt in prompts]
        return sum(completion.usage.prompt_tokens for (completion,) in calls)

    async def write(self, prompts: Prompts, tokens: int) -> int:
        sampling = Sampling(temperature=0, max_tokens=tokens)
        async with asyncio.TaskGroup() as group:
            calls = [group.create_task(self.model.complete(prompt, sampling)) for prompt in prompts]
        return sum(call.result()[0].usage.completion_tokens for call in calls)


class Transformers:
    """The reference: `generate` with its key-value cache, in float32."""

    def __init__(self, path: Path) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        torch.set_num_threads(1)
        self._torch: Any = torch
        self._model: Any = AutoModelForCausalLM.from_pretrained(path, dtype="float32").eval()
        self._tokenizer: Any = AutoTokenizer.from_pretrained(path, padding_side="left")
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token

    async def read(self, prompts: Prompts) -> int:
        inputs = [self._inputs([prompt]) for prompt in prompts]
        with self._torch.inference_mode():
            for each in inputs:
                self._model(**each)
        return sum(each["input_ids"].shape[1] for each in inputs)

    async def write(self, prompts: Prompts, tokens: int) -> int:
        inputs = self._inputs(prompts)
        written = self._model.generate(**inputs, max_new_tokens=tokens, do_sample=False)
        new = written[:, inputs["input_ids"].shape[1] :]
        return sum(_length(row, self._ends()) for row in new.tolist())

    def _ends(self) -> set[int]:
        ends = self._model.generation_config.eos_token_id
        return set(ends) if isinstance(ends, list) else {ends}

    def _inputs(self, prompts: Prompts) -> Any:
        turns = [[{"role": m.role, "content": m.content} for m in prompt] for prompt in prompts]
        return self._tokenizer.apply_chat_template(
            turns, add_generation_prompt=True, return_dict=True, return_tensors="pt", padding=True
        )


def _length(tokens: Sequence[int], ends: set[int]) -> int:
    return next((at + 1 for at, token in enumerate(tokens) if token in ends), len(tokens))


async def measure(engine: Engine, prompts: Prompts, tokens: int) -> Figures:
    """One round of one engine, in tokens a second."""
    return {
        "prompt tokens/s": await _rate(engine.read(prompts)),
        "tokens/s, one completion": await _rate(engine.write(prompts[:1], tokens)),
        f"tokens/s, {BATCH} at once": await _rate(engine.write(prompts, tokens)),
    }


async def _rate(work: Awaitable[int]) -> float:
    began = time.perf_counter()
    return await work / (time.perf_counter() - began)


async def loop_lag_ms(work: Coroutine[None, None, object]) -> float:
    """Return how late the event loop wakes (99th percentile) until some work is done."""
    late: list[float] = []
    async with asyncio.TaskGroup() as group:
        working = group.create_task(work)
        while not working.done():
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            late.append((time.perf_counter() - began - 0.001) * 1000)
    return quantiles(late, n=100)[98]


def timed_load(load: Callable[[], Engine]) -> tuple[Engine, float]:
    """Load an engine; return it and the seconds it took, imports included the first time."""
    began = time.perf_counter()
    return load(), time.perf_counter() - began


async def compare(path: Path, rounds: int, tokens: int) -> None:
    """Measure in turns and print."""
    embedded = Embedded(path)
    loads = [timed_load(lambda: Embedded(path))[1] for _ in range(rounds)]
    reference = Transformers(path) if importlib.util.find_spec("transformers") else None
    prompts = _prompts()
    ours: list[Figures] = []
    theirs: list[Figures] = []
    async with embedded.model:
        for number in range(rounds + 1):
            our_round = await measure(embedded, prompts, tokens)
            their_round = await measure(reference, prompts, tokens) if reference else {}
            if number:  # the first one warms up
                ours.append(our_round)
                theirs.append(their_round)
        idle_ms = await loop_lag_ms(asyncio.sleep(1))
        busy_ms = await loop_lag_ms(embedded.write(prompts, 2 * tokens))
    print(f"load: {median(loads):.3f} s")
    print(f"event loop wakes late by (p99): {idle_ms:.1f} ms idle, {busy_ms:.1f} ms under a full batch")
    _print(ours, theirs if reference else [])


def _print(ours: Sequence[Figures], theirs: Sequence[Figures]) -> None:
    print(f"{'':<28}{'embedded':>10}{'transformers':>14}{'ratio':>8}")
    for name in ours[0]:
        line = f"{name:<28}{median(each[name] for each in ours):>10.0f}"
        if theirs:
            ratio = median(our[name] / their[name] for our, their in zip(ours, theirs, strict=True))
            line += f"{median(each[name] for each in theirs):>14.0f}{ratio:>8.1f}"
        print(line)


def _prompts() -> Prompts:
    task = "Keep the even numbers, then take each number modulo 7, then return the sum. "
    return [[Message("user", f"{index}. {task * 4}")] for index in range(BATCH)]


def main() -> None:
    """Read the command line, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", type=Path, default=MINI, help="a checkpoint directory")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=128, help="longest completion")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.model
        if not (path / "model.safetensors").is_file():
            print(f"no checkpoint at {path}: measuring random weights, {RANDOM}")
            path = write_checkpoint(Path(folder), RANDOM)
        asyncio.run(compare(path, given.rounds, given.tokens))


if __name__ == "__main__":
    main()
