"""POST /compat/slime, called as slime calls it."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from service.domain.errors import ModelError
from tests.contract.compat.trainers import CHATML, END, Slime
from tests.fakes import CORRECT, INCORRECT, FakeChatModel, ReadingChatModel, ScriptedSandbox, verdict_of
from tests.unit.api.world import RIGHT, TESTS, WRONG, World, post, until
from tests.unit.cli.serving import serving


def _knowing() -> ReadingChatModel:
    return ReadingChatModel(reader=lambda asked: CORRECT if "x + 1" in asked[0].content else INCORRECT)


@asynccontextmanager
async def _slime(world: World, query: str = "") -> AsyncGenerator[Slime, None]:
    with serving(world.app()) as url:
        async with aiohttp.ClientSession() as session:
            yield Slime(session, f"{url}/compat/slime{query}")


async def test_the_body_is_the_reward() -> None:
    async with _slime(World(critic=_knowing())) as slime:
        assert await slime.reward("Add one.", RIGHT) == 1.0
        assert await slime.reward("Add one.", WRONG) == 0.0


@pytest.mark.parametrize("key", ["score", "p_correct", "mine"])
async def test_with_a_key_the_reward_is_under_it(key: str) -> None:
    async with _slime(World(critic=_knowing()), f"?reward_key={key}") as slime:
        reward = await slime.reward("Add one.", RIGHT)

    assert reward[key] == reward["score"] == 1.0
    assert (reward["status"], reward["judgment"]) == ("ok", "correct")


@pytest.mark.parametrize(
    "prompt",
    [
        "Add one.",
        CHATML.format("Add one."),
        [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Add one."}],
        [{"role": "user", "content": [{"type": "text", "text": "Add one."}]}],
    ],
)
async def test_the_prompt_is_text_or_messages(prompt: object) -> None:
    world = World(critic=_knowing())
    async with _slime(world) as slime:
        assert await slime.reward(prompt, RIGHT + END) == 1.0

    ((message,),) = world.critic.conversations
    assert "<problem>\nAdd one.\n</problem>" in message.content
    assert f"{RIGHT}\n```" in message.content
    assert "<|im_" not in message.content


async def test_the_label_brings_the_tests() -> None:
    world = World(critic=_knowing(), sandbox=ScriptedSandbox({RIGHT: verdict_of(1, 1)}))
    async with _slime(world, "?mode=exec") as slime:
        label = {"entry_point": "f", "tests": TESTS}

        assert await slime.reward("Add one.", RIGHT, label) == 1.0
        assert await slime.reward("Add one.", WRONG, label) == 0.0
    assert world.critic.conversations == []


async def test_a_dead_critic_is_no_reward_and_ends_the_run_after_ten_attempts() -> None:
    async with _slime(World(critic=FakeChatModel([""], fault=ModelError("gone")))) as slime:
        with pytest.raises(aiohttp.ClientResponseError, match="502"):
            await slime.reward("Add one.", RIGHT)

    assert slime.attempts == 10


async def test_a_critic_that_recovers_is_met_by_a_later_attempt() -> None:
    world = World(critic=FakeChatModel([CORRECT], fault=ModelError("gone")))

    async def recover() -> None:
        await until(lambda: world.critic.conversations)
        world.critic.fault = None

    async with _slime(world) as slime, asyncio.TaskGroup() as group:
        group.create_task(recover())
        assert await slime.reward("Add one.", RIGHT) == 1.0


async def test_a_stand_in_says_what_it_stands_for() -> None:
    world = World(critic=FakeChatModel(["Hm."]))
    async with _slime(world, "?on_error=fallback:0.5&reward_key=score") as slime:
        reward = await slime.reward("Add one.", RIGHT)

    assert reward == {"score": 0.5, "p_correct": None, "status": "abstain", "judgment": None}


@pytest.mark.parametrize("output", ['"\\ud800"', '{"\\udc00": 1}', '["a\\ud83d"]'])
async def test_a_label_whose_text_is_none_is_named_and_no_failure_of_the_sandbox(output: str) -> None:
    """A body may not hold half of a surrogate pair, but JSON inside a text can."""
    label = json.dumps({"inputs": ["1"], "outputs": [output], "fn_name": "f"})

    refused = await post(World(), "/compat/slime", {"prompt": "Add one.", "response": RIGHT, "label": label})

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "label.tests.0"
