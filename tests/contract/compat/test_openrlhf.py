"""POST /compat/openrlhf/get_reward, called as OpenRLHF calls it."""

import asyncio
import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest

from service.domain.errors import ModelError, SandboxError
from tests.contract.compat.trainers import OpenRLHF, rollout
from tests.fakes import CORRECT, INCORRECT, FakeChatModel, ReadingChatModel, ScriptedSandbox, verdict_of
from tests.unit.api.world import RIGHT, TESTS, WRONG, World, post, until
from tests.unit.cli.serving import serving

ANSWER = f"Here you are.\n```python\n{RIGHT}\n```"
LABEL = json.dumps({"entry_point": "f", "tests": TESTS})


@contextmanager
def _served(world: World, query: str = "") -> Generator[str, None, None]:
    with serving(world.app()) as url:
        yield f"{url}/compat/openrlhf/get_reward{query}"


def _knowing() -> ReadingChatModel:
    return ReadingChatModel(reader=lambda asked: CORRECT if "x + 1" in asked[0].content else INCORRECT)


async def test_a_rollout_is_rewarded_by_one_request() -> None:
    world = World(critic=_knowing())
    with _served(world) as url:
        trainer = OpenRLHF([url])

        right = await trainer.reward("Add one.", ANSWER)
        wrong = await trainer.reward("Add one.", WRONG)

    assert right == {
        "rewards": [1.0],
        "scores": [1.0],
        "extra_logs": {"p_correct": [1.0], "judge_error": [0.0], "judge_abstained": [0.0]},
    }
    assert wrong is not None
    assert wrong["rewards"] == [0.0]
    assert trainer.attempts == 2


async def test_of_a_program_that_fails_a_test_no_other_is_run() -> None:
    world = World(critic=_knowing())
    with _served(world, "?mode=hybrid") as url:
        answer = await OpenRLHF([url]).reward("Add one.", WRONG, LABEL)

    assert answer is not None
    assert answer["rewards"] == [0.0]
    assert world.sandbox.stops_seen == [True]


async def test_the_critic_sees_the_problem_and_the_program_without_the_templates_tokens() -> None:
    world = World(critic=_knowing())
    with _served(world) as url:
        await OpenRLHF([url]).reward("Add one.", ANSWER)

    ((message,),) = world.critic.conversations
    assert "<problem>\nAdd one.\n</problem>" in message.content
    assert f"```python\n{RIGHT}\n```" in message.content
    for foreign in ("<|im_start|>", "<|im_end|>", "<|endoftext|>", "Be kind.", "Here you are."):
        assert foreign not in message.content


async def test_of_two_urls_the_second_gets_nothing_and_says_so() -> None:
    with _served(World(critic=_knowing())) as url:
        trainer = OpenRLHF([url, url])

        answers = await trainer.batch(*_one_rollout())

    assert [answer["rewards"] for answer in answers] == [[1.0], []]
    assert answers[1]["extra_logs"] == {"p_correct": [], "judge_error": [], "judge_abstained": []}
    assert trainer.attempts == 2


async def test_a_rollout_with_long_thoughts_is_rewarded() -> None:
    with _served(World(critic=_knowing())) as url:
        answer = await OpenRLHF([url]).reward("Add one.", f"<think>{'Hm. ' * 100_000}</think>\n{ANSWER}")

    assert answer is not None
    assert answer["rewards"] == [1.0]


async def test_a_batch_of_an_older_release_is_rewarded_in_order() -> None:
    rows = [rollout("Add one.", code) for code in (WRONG, ANSWER, WRONG)]
    queries, prompts = zip(*rows, strict=True)
    with _served(World(critic=_knowing())) as url:
        (answer,) = await OpenRLHF([url]).batch(queries, prompts, [None, None, None])

    assert answer["rewards"] == [0.0, 1.0, 0.0]


async def test_a_batch_without_prompts_is_read_by_its_template() -> None:
    query, _ = rollout("Add one.", ANSWER)

    path, body = "/compat/openrlhf/get_reward", {"query": [query], "prompts": None, "labels": None}
    answer = await post(World(critic=_knowing()), path, body)

    assert answer.json()["rewards"] == [1.0]


async def test_labels_bring_the_tests_and_a_failed_one_decides() -> None:
    world = World(critic=_knowing(), sandbox=ScriptedSandbox({RIGHT: verdict_of(1, 1)}))
    with _served(world) as url:
        trainer = OpenRLHF([url])

        right = await trainer.reward("Add one.", ANSWER, LABEL)
        wrong = await trainer.reward("Add one.", WRONG, LABEL)

    assert (right, wrong) != (None, None)
    assert [answer["rewards"] for answer in (right, wrong) if answer] == [[1.0], [0.0]]
    assert world.sandbox.codes_seen == [RIGHT, WRONG]
    assert len(world.critic.conversations) == 1


@pytest.mark.parametrize("label", [None, "", "42", {"answer": 42}])
async def test_a_label_without_tests_leaves_the_critic_to_judge(label: object) -> None:
    world = World(critic=_knowing())
    with _served(world) as url:
        answer = await OpenRLHF([url]).reward("Add one.", ANSWER, label)

    assert answer is not None
    assert answer["rewards"] == [1.0]
    assert world.sandbox.codes_seen == []


async def test_a_dead_critic_is_a_flagged_half_and_never_a_zero() -> None:
    world = World(critic=FakeChatModel([""], fault=ModelError("gone")))
    with _served(world) as url:
        trainer = OpenRLHF([url])

        answer = await trainer.reward("Add one.", ANSWER)

    assert answer is not None
    assert (answer["rewards"], answer["extra_logs"]["judge_error"]) == ([0.5], [1.0])
    assert trainer.attempts == 1


async def test_an_unreadable_judgment_is_flagged_as_an_abstention() -> None:
    with _served(World(critic=FakeChatModel(["Hm."])), "?on_error=fallback:0.25") as url:
        answer = await OpenRLHF([url]).reward("Add one.", ANSWER)

    assert answer is not None
    assert answer["rewards"] == [0.25]
    assert answer["extra_logs"]["judge_abstained"] == [1.0]


async def test_a_run_may_rather_lose_its_reward_than_have_a_stand_in() -> None:
    world = World(sandbox=ScriptedSandbox(fault=SandboxError("gone")))
    with _served(world, "?on_error=error&mode=exec") as url:
        trainer = OpenRLHF([url])

        assert await trainer.reward("Add one.", ANSWER, LABEL) is None
    assert trainer.attempts == 5


async def test_a_critic_that_recovers_is_met_by_a_later_attempt() -> None:
    world = World(critic=FakeChatModel([CORRECT], fault=ModelError("gone")))

    async def recover() -> None:
        await until(lambda: world.critic.conversations)
        world.critic.fault = None

    with _served(world, "?on_error=error") as url:
        trainer = OpenRLHF([url], pause_s=0.1)
        async with asyncio.TaskGroup() as group:
            group.create_task(recover())
            asked = group.create_task(trainer.reward("Add one.", ANSWER))

    answer = asked.result()
    assert answer is not None
    assert answer["rewards"] == [1.0]
    assert trainer.attempts > 1


async def test_credentials_in_the_url_are_no_obstacle() -> None:
    with _served(World(critic=_knowing())) as url:
        answer = await OpenRLHF([url.replace("http://", "http://judge:TOKEN@")]).reward("Add one.", ANSWER)

    assert answer is not None


async def test_512_connections_at_once_wait_for_their_turn() -> None:
    world = World(critic=_knowing(), max_inflight=4)
    with _served(world) as url:
        trainer = OpenRLHF([url])
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(trainer.reward(f"Add {n}.", ANSWER)) for n in range(512)]

    answers = [task.result() for task in asked]
    assert all(answer is not None and answer["rewards"] == [1.0] for answer in answers)
    assert trainer.attempts == 512
    assert world.gate.inflight == 0


async def test_who_finds_no_place_in_time_is_told_so_and_is_not_told_429() -> None:
    world = World(max_inflight=1)
    world.bounds = replace(world.bounds, queue_s=0.05)
    with _served(world) as url, world.gate.admit():
        async with httpx.AsyncClient() as client:
            query, prompt = rollout("Add one.", ANSWER)
            response = await client.post(url, json={"query": [query], "prompts": [prompt], "labels": [None]})

    assert response.status_code == 503
    assert "Retry-After" in response.headers


@pytest.mark.parametrize(
    ("query", "body", "field"),
    [
        ("?on_error=abstain", {"query": []}, "query.on_error"),
        ("?mod=exec", {"query": []}, "query.mod"),
        ("?critic=gpt-17", {"query": []}, "critic"),
        ("", {"query": ["x"], "prompts": ["x", "y"]}, "prompts"),
        ("", {"query": ["x"], "labels": [1, 2]}, "labels"),
        ("", {"query": ["x"], "labels": [{"tests": [{"args": [1]}]}]}, "labels.0.tests.0.expected"),
        ("", {"query": ["x"], "labels": [{"inputs": ["1"], "outputs": []}]}, "labels.0.outputs"),
        ("", {"query": ["x"] * 513}, "query"),
        ("", {"query": [None]}, "query.0"),
        ("", {"prompts": []}, "query"),
    ],
)
async def test_a_wrong_configuration_names_the_field(query: str, body: object, field: str) -> None:
    with _served(World(), query) as url:
        async with httpx.AsyncClient() as client:
            response = await client.post(url, json=body)

    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == field


async def test_what_may_be_done_about_an_error_is_said_in_words() -> None:
    """It was the regular expression."""
    with _served(World(), "?on_error=abstain") as url:
        async with httpx.AsyncClient() as client:
            complaint = (await client.post(url, json={"query": []})).json()["errors"][0]["message"]

    assert complaint == "must be error, or a score that stands in, such as fallback:0.5"


def _one_rollout() -> tuple[list[str], list[str], list[object]]:
    query, prompt = rollout("Add one.", ANSWER)
    return [query], [prompt], [None]
