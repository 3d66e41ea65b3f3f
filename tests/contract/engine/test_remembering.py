"""What is asked twice is answered once: together, or shortly after; nobody's leaving harms another."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

import pytest

from service.adapters.remembering import Memory, RememberingModel, Result, calls_of_many
from service.caller import asking, spend
from service.domain.chat import Completion, Message, Sampling, TokenLogprob, TokenUsage
from service.domain.errors import ModelError
from service.domain.identity import Identity

HI = [Message("user", "hi")]
GREEDY = Sampling(temperature=0.0)


@dataclass
class SlowModel:
    """Answers when it is let, numbering its answers."""

    name: str = "slow"
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    calls: int = 0
    cancelled: int = 0
    failure: Exception | None = None
    logprobs: tuple[TokenLogprob, ...] | None = None

    async def complete(
        self, messages: Sequence[Message], sampling: Sampling, n: int = 1
    ) -> tuple[Completion, ...]:
        self.calls += 1
        number = self.calls
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.failure is not None:
            raise self.failure
        spend(n)
        return (Completion(f"answer {number}", "stop", TokenUsage(1, 0, 1), self.logprobs),) * n

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[str | Completion, None]:
        for completion in await self.complete(messages, sampling):
            yield completion


class World:
    def __init__(self, group: asyncio.TaskGroup, entries: int = 2) -> None:
        self.slow, self.counts, self.now, self.tenant = SlowModel(), Counter[Result](), 0.0, "a"
        memory = Memory(entries, 10.0, lambda: self.now)
        self.model = RememberingModel(
            self.slow, group, memory, lambda result: self.counts.update([result]), lambda: self.tenant
        )

    async def ask(self, text: str = "hi", sampling: Sampling = GREEDY, n: int = 1) -> str:
        return (await self.model.complete([Message("user", text)], sampling, n))[0].text


@pytest.fixture
async def world() -> AsyncGenerator[World, None]:
    async with asyncio.TaskGroup() as group:
        yield World(group)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_calls_at_the_same_time_share_one_answer(world: World) -> None:
    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(world.ask()) for _ in range(5)]
        await settle()
        world.slow.may_answer.set()

    assert {task.result() for task in asking} == {"answer 1"}
    assert world.slow.calls == 1
    assert world.counts == {Result.MISS: 1, Result.SHARED: 4}


async def test_who_leaves_first_takes_nobody_along(world: World) -> None:
    async with asyncio.TaskGroup() as group:
        first, second = (group.create_task(world.ask()) for _ in range(2))
        await settle()
        first.cancel()
        await settle()
        world.slow.may_answer.set()

    assert first.cancelled()
    assert second.result() == "answer 1"
    assert world.slow.cancelled == 0


@pytest.mark.parametrize("leaves", [False, True])
async def test_of_those_who_get_a_shared_answer_the_first_pays_for_it(world: World, leaves: bool) -> None:
    async def ask() -> int:
        with asking(Identity("a", frozenset())) as account:
            await world.ask()
            return account.completion_tokens

    async with asyncio.TaskGroup() as group:
        first, *others = (group.create_task(ask()) for _ in range(3))
        await settle()
        if leaves:
            first.cancel()
            await settle()
        world.slow.may_answer.set()

    bills = [task.result() for task in (first, *others) if not task.cancelled()]
    assert bills == ([1, 0] if leaves else [1, 0, 0])


async def test_when_the_last_has_left_the_call_ends_and_the_next_begins_anew(world: World) -> None:
    async with asyncio.TaskGroup() as group:
        leaving = [group.create_task(world.ask()) for _ in range(2)]
        await settle()
        for task in leaving:
            task.cancel()
        await settle()
        world.slow.may_answer.set()
        late = group.create_task(world.ask())

    assert world.slow.cancelled == 1
    assert late.result() == "answer 2"


async def test_who_comes_while_a_call_is_being_given_up_is_answered(world: World) -> None:
    async with asyncio.TaskGroup() as group:
        leaving = group.create_task(world.ask())
        await settle()
        leaving.cancel()
        await asyncio.sleep(0)
        world.slow.may_answer.set()
        late = group.create_task(world.ask())

    assert late.result() == "answer 2"


async def test_a_failure_reaches_everybody_who_waits_and_is_not_kept(world: World) -> None:
    world.slow.failure = ModelError("down")
    failed = 0

    async def ask() -> None:
        nonlocal failed
        with pytest.raises(ModelError, match="down"):
            await world.ask()
        failed += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(ask())
        await settle()
        world.slow.may_answer.set()
    world.slow.failure = None

    assert failed == 3
    assert await world.ask() == "answer 2"


async def test_what_was_answered_is_known_for_a_while(world: World) -> None:
    world.slow.may_answer.set()

    assert [await world.ask(), await world.ask()] == ["answer 1", "answer 1"]
    world.now += 10
    assert await world.ask() == "answer 2"
    assert world.counts == {Result.MISS: 2, Result.HIT: 1}


async def test_what_was_used_longest_ago_is_forgotten_first(world: World) -> None:
    world.slow.may_answer.set()
    for text in ("one", "two", "one", "three"):
        await world.ask(text)
    calls = world.slow.calls

    await world.ask("one")
    assert world.slow.calls == calls
    await world.ask("two")
    assert world.slow.calls == calls + 1


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(temperature=0.7)])
async def test_what_is_drawn_at_random_is_drawn_each_time(world: World, sampling: Sampling) -> None:
    world.slow.may_answer.set()

    assert [await world.ask(sampling=sampling) for _ in range(2)] == ["answer 1", "answer 2"]


async def test_what_differs_in_anything_is_another_question(world: World) -> None:
    world.slow.may_answer.set()
    seeded = Sampling(temperature=1.0, seed=7)

    answers = [
        await world.ask(),
        await world.ask("ho"),
        await world.ask(n=2),
        await world.ask(sampling=Sampling(temperature=0.0, max_tokens=5)),
        await world.ask(sampling=seeded),
        await world.ask(sampling=seeded),
    ]
    world.tenant = "b"
    answers.append(await world.ask(sampling=seeded))

    assert answers == [*(f"answer {number}" for number in (1, 2, 3, 4, 5, 5, 6))]


async def test_nothing_is_kept_where_nothing_shall_be(world: World) -> None:
    async with asyncio.TaskGroup() as group:
        forgetful = World(group, entries=0)
        forgetful.slow.may_answer.set()

        assert [await forgetful.ask() for _ in range(2)] == ["answer 1", "answer 2"]


async def test_an_answer_of_many_tokens_is_not_kept(world: World) -> None:
    world.slow.logprobs = (TokenLogprob("a", 0.0),) * 5000
    world.slow.may_answer.set()

    assert [await world.ask() for _ in range(2)] == ["answer 1", "answer 2"]


async def test_a_failure_where_the_calls_are_owned_leaves_as_it_is() -> None:
    with pytest.raises(ModelError, match="down"):
        async with calls_of_many():
            raise ModelError("down")
