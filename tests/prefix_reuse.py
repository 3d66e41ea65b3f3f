"""How much of a refinement's prompts a prefix cache has read before, counted token by token from the prompts.

A token counts as shared if it lies in the longest prefix that a prompt has in common with an earlier one to
the same model: what a server whose cache forgets nothing would not compute again.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field, replace
from itertools import count, takewhile
from pathlib import Path
from typing import Any

from service.adapters.configured import ConfiguredModel, open_model
from service.adapters.embedded.text import load_text
from service.adapters.metrics import Metrics
from service.domain.chat import ChatModel, Completion, Message, Sampling
from service.domain.loop import RefineSampling, Roles, Rules, refine
from service.domain.refinement import Budget, StopRule
from service.domain.roles import ChatCritic, ChatGenerator
from service.domain.task import Task
from service.settings import EmbeddedModelSettings

CONTEXT = 4096
CANDIDATES, ROUNDS = 8, 3


@dataclass
class Overheard:
    """Passes everything on and remembers what was asked."""

    model: ChatModel
    asked: list[Sequence[Message]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.model.name

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[str | Completion, None]:
        self.asked.append(messages)
        async with aclosing(self.model.stream(messages, sampling)) as stream:
            async for piece in stream:
                yield piece

    async def complete(
        self, messages: Sequence[Message], sampling: Sampling, n: int = 1
    ) -> tuple[Completion, ...]:
        self.asked.append(messages)
        return await self.model.complete(messages, sampling, n)


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


Asked = dict[str, list[Sequence[Message]]]


async def refined(weights: Path, row: dict[str, Any], seed: int = 0) -> Asked:
    """Refine a problem with the shipped models, in every chain to the last round; return what was asked."""
    async with _model(weights, "generator") as writer, _model(weights, "critic") as reviewer:
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
    return {role: model.asked for role, model in heard.items()}


def reuse(weights: Path, asked: Asked, *, all_differ: bool = False) -> dict[str, Reuse]:
    """Count by role; `all_differ` as if no program had been written twice, as by a larger model."""
    return {
        role: _reuse(weights / role, _marked(conversations) if all_differ else conversations)
        for role, conversations in asked.items()
    }


def _model(weights: Path, role: str) -> AbstractAsyncContextManager[ConfiguredModel]:
    return open_model(role, EmbeddedModelSettings(engine="embedded", path=weights / role))


def _marked(asked: Sequence[Sequence[Message]]) -> list[list[Message]]:
    numbers = count(1000)
    return [
        [
            replace(message, content=message.content.replace("```python\n", f"```python\n# {number}\n"))
            for message in messages
        ]
        for messages, number in zip(asked, numbers, strict=False)
    ]


def _reuse(weights: Path, conversations: Sequence[Sequence[Message]]) -> Reuse:
    text = load_text(weights)
    prompts = [text.prompt(messages, CONTEXT) for messages in conversations]
    shared = sum(
        max((_common(prompt, earlier) for earlier in prompts[:position]), default=0)
        for position, prompt in enumerate(prompts)
    )
    return Reuse(len(prompts), sum(map(len, prompts)), shared)


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
