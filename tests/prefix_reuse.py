"""How much of a refinement's prompts a prefix cache has read before, counted token by token from the prompts.

A token counts as shared if it lies in the longest prefix that a prompt has in common with an earlier one to
the same model: what a server whose cache forgets nothing would not compute again.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from itertools import count, takewhile
from pathlib import Path
from typing import Any

from service.adapters.configured import open_model
from service.adapters.embedded.text import Text, load_text
from service.adapters.metrics import Metrics
from service.domain.chat import ChatModel, Completion, Message, Sampling
from service.domain.loop import RefineSampling, Roles, Rules, refine
from service.domain.refinement import Budget, StopRule
from service.domain.roles import ChatCritic, ChatGenerator
from service.domain.task import Task
from service.settings import EmbeddedModelSettings, ModelSettings

CONTEXT = 4096
CANDIDATES, ROUNDS = 8, 3
STORY = """\
A shop keeps its sales of a day in the order in which they were made.
A number below zero is something that was brought back. At the end of the day one figure is wanted.

{problem}

There is at least one number and there are at most 1000, each between -1000 and 1000.
They are not sorted, and one may occur more than once.
Do not change what is given, and print nothing that is not asked for.
Where the steps above leave no number, the figure is that of an empty list.
A solution that looks at each number once or twice is fast enough.
One that compares every number with every other is too slow for the largest inputs.
"""
"""A problem told at the length of a contest's; those of the mini world are a sentence."""


@dataclass
class Exchange:
    """What a model was asked and what it answered."""

    messages: Sequence[Message]
    completion: Completion | None = None


@dataclass
class Overheard:
    """Passes everything on and remembers it."""

    model: ChatModel
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.model.name

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[str | Completion, None]:
        exchange = self._hear(messages)
        async with aclosing(self.model.stream(messages, sampling)) as stream:
            async for piece in stream:
                if isinstance(piece, Completion):
                    exchange.completion = piece
                yield piece

    async def complete(
        self, messages: Sequence[Message], sampling: Sampling, n: int = 1
    ) -> tuple[Completion, ...]:
        exchange = self._hear(messages)
        completions = await self.model.complete(messages, sampling, n)
        exchange.completion = completions[0]
        return completions

    def _hear(self, messages: Sequence[Message]) -> Exchange:
        self.exchanges.append(Exchange(messages))
        return self.exchanges[-1]


@dataclass(frozen=True, slots=True)
class Reuse:
    """Of one role's prompts."""

    calls: int
    tokens: int
    shared: int

    def __add__(self, other: "Reuse") -> "Reuse":
        return Reuse(self.calls + other.calls, self.tokens + other.tokens, self.shared + other.shared)

    @property
    def share(self) -> float:
        return self.shared / self.tokens


Heard = dict[str, list[Exchange]]
"""What was said to and by each role's model, in the order of asking."""


def told_at_length(row: dict[str, Any]) -> dict[str, Any]:
    """The same problem in a statement of usual length."""
    return row | {"problem": STORY.format(problem=row["problem"])}


def embedded(weights: Path) -> dict[str, ModelSettings]:
    """Return the settings of the models in a folder, by role, for the embedded engine."""
    return {
        role: EmbeddedModelSettings(engine="embedded", path=weights / role)
        for role in ("generator", "critic")
    }


async def refined(models: Mapping[str, ModelSettings], row: dict[str, Any], seed: int = 0) -> Heard:
    """Refine a problem with the models of both roles, in every chain to the last round."""
    async with (
        open_model("generator", models["generator"]) as writer,
        open_model("critic", models["critic"]) as reviewer,
    ):
        generator, critic = writer.served_generator(Metrics()), reviewer.served_critic(Metrics())
        heard = {"generator": Overheard(writer.engine), "critic": Overheard(reviewer.engine)}
        assert isinstance(generator.generator, ChatGenerator)
        roles = Roles(
            ChatGenerator(heard["generator"], generator.generator.template),
            ChatCritic(heard["critic"], critic.critic.template),
            None,
        )
        rules = Rules(budget=Budget(ROUNDS, None, None), candidates=CANDIDATES, stop=StopRule.NEVER)
        samplings = (
            replace(each, seed=seed) for each in (generator.propose, critic.critique, generator.revise)
        )
        task = Task(row["problem"], entry_point=row["entry_point"])
        async with aclosing(refine(task, rules, roles, RefineSampling(*samplings))) as events:
            async for _ in events:
                pass
    return {role: model.exchanges for role, model in heard.items()}


def reuse(
    weights: Path, heard: Heard, *, all_differ: bool = False, written: bool = False, block: int = 1
) -> dict[str, Reuse]:
    """Count by role; `all_differ` as if no program had been written twice, as by a larger model.

    `written`: an earlier prompt is shared with what was written to it, which a server has in its cache too.
    `block`: tokens that a cache keeps together; it has no part of one, and reads the last token anew.
    """
    return {
        role: _reuse(weights / role, _marked(exchanges) if all_differ else exchanges, written, block)
        for role, exchanges in heard.items()
    }


def _marked(exchanges: Sequence[Exchange]) -> list[Exchange]:
    numbers = count(1000)
    return [
        Exchange(
            [
                replace(message, content=message.content.replace("```python\n", f"```python\n# {number}\n"))
                for message in exchange.messages
            ]
        )
        for exchange, number in zip(exchanges, numbers, strict=False)
    ]


def _reuse(weights: Path, exchanges: Sequence[Exchange], written: bool, block: int) -> Reuse:
    text = load_text(weights)
    prompts = [text.prompt(exchange.messages, CONTEXT) for exchange in exchanges]
    kept = [_whole(text, exchange) for exchange in exchanges] if written else prompts
    shared = sum(
        max((_common(prompt, earlier, block) for earlier in kept[:position]), default=0)
        for position, prompt in enumerate(prompts)
    )
    return Reuse(len(prompts), sum(map(len, prompts)), shared)


def _whole(text: Text, exchange: Exchange) -> list[int]:
    assert exchange.completion is not None
    answer = Message("assistant", exchange.completion.text)
    return text.prompt([*exchange.messages, answer], CONTEXT)


def _common(prompt: Sequence[int], other: Sequence[int], block: int) -> int:
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(prompt, other, strict=False)))
    return common if block == 1 else min(common, len(prompt) - 1) // block * block
