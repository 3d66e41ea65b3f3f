"""POST /judge."""

import math

import pytest

from service.api.judge import EXAMPLES
from service.api.judge_request import JudgeRequest
from service.domain.chat import Sampling, TokenLogprob
from service.domain.errors import ModelError, SandboxError
from service.domain.roles import ChatCritic
from service.domain.templates import PROMPTED_CRITIC_TEMPLATE
from service.services import ModelCard, ServedCritic
from tests.fakes import (
    CORRECT,
    INCORRECT,
    FakeChatModel,
    ReadingChatModel,
    ScriptedSandbox,
    verdict_of,
)
from tests.unit.api.world import NOTICE, RIGHT, TESTS, WRONG, World, post

ASK = {"problem": "Add one.", "entry_point": "f"}


def _sure(probability: float) -> tuple[TokenLogprob, ...]:
    """Logprobs of a critique whose judgment token is Correct with this probability."""
    top = {" Correct": math.log(probability), " Incorrect": math.log(1 - probability)}
    return (TokenLogprob("Overall judgment:", 0.0), TokenLogprob(" Correct", top[" Correct"], top))


async def test_programs_are_scored_and_ranked_in_the_order_given() -> None:
    world = World(critic=FakeChatModel([INCORRECT, CORRECT]))

    response = await post(world, "/judge", ASK | {"solutions": [WRONG, RIGHT]})

    assert response.status_code == 200
    answer = response.json()
    assert [result["status"] for result in answer["results"]] == ["ok", "ok"]
    assert [result["score"] for result in answer["results"]] == [0.0, 1.0]
    assert [result["judgment"] for result in answer["results"]] == ["incorrect", "correct"]
    assert (answer["ranking"], answer["best"]) == ([1, 0], 1)
    assert answer["results"][0]["votes"] == {"correct": 0, "incorrect": 1, "unparsed": 0}
    assert answer["results"][0]["critique"]["suggestions"] == "Handle odd numbers."
    assert answer["results"][0]["verdict"] is None
    assert (answer["judge_version"], answer["notice"]) == ("c@1+c/1@abc+critique", NOTICE)


async def test_fields_that_are_null_mean_the_defaults_and_none_may_be_expected() -> None:
    test = {"args": None, "kwargs": None, "expected": None}
    nulls = {name: None for name, field in JudgeRequest.model_fields.items() if not field.is_required()}
    world = World(critic=FakeChatModel([CORRECT]))

    judged = await post(world, "/judge", nulls | ASK | {"solutions": [RIGHT], "tests": [test]})
    reviewed = await post(world, "/critique", ASK | {"solution": RIGHT, "n": None, "sampling": None})

    assert (judged.status_code, reviewed.status_code) == (200, 200)
    assert judged.json()["results"][0]["verdict"]["total"] == 1


@pytest.mark.parametrize(
    ("test", "entry_point", "status"),
    [
        ({"args": [3], "expected": 4}, "f", 200),
        ({"args": [3]}, "f", 200),  # f(3) must return None
        ({"stdin": "3", "stdout": "4"}, None, 200),
        ({"assert": "assert f(3) == 4"}, "f", 200),
        ({"stdin": "3"}, None, 422),
        ({}, "f", 422),
    ],
)
async def test_a_test_may_be_padded_with_nulls_as_a_table_pads_it(
    test: dict[str, object], entry_point: str | None, status: int
) -> None:
    padded = dict.fromkeys(("stdin", "stdout", "args", "kwargs", "expected", "assert")) | test
    body = {"problem": "Add one.", "entry_point": entry_point, "solutions": [RIGHT], "tests": [padded]}

    judged = await post(World(), "/judge", body)

    assert judged.status_code == status
    assert status != 200 or judged.json()["results"][0]["verdict"]["total"] == 1


async def test_the_score_is_the_probability_of_the_judgment_averaged_over_votes() -> None:
    world = World(critic=FakeChatModel([CORRECT], logprobs=_sure(0.75)))

    answer = (await post(world, "/judge", ASK | {"solutions": [RIGHT], "votes": 3})).json()

    assert answer["results"][0]["score"] == pytest.approx(0.75)
    assert answer["results"][0]["votes"]["correct"] == 3


async def test_the_same_request_is_judged_the_same_way() -> None:
    world = World()

    await post(world, "/judge", ASK | {"solutions": [WRONG]})
    await post(world, "/judge", ASK | {"solutions": [WRONG], "votes": 2})

    single, several = world.critic.samplings
    assert (single.seed, single.temperature) == (0, 0.0)
    assert (several.seed, several.temperature) == (0, 0.3)


async def test_what_the_critic_does_not_judge_has_no_score() -> None:
    world = World(critic=FakeChatModel(["I cannot say.", CORRECT]))

    answer = (await post(world, "/judge", ASK | {"solutions": [WRONG, RIGHT]})).json()

    assert answer["results"][0]["status"] == "abstain"
    assert answer["results"][0]["score"] is None
    assert answer["ranking"] == [1, 0]


async def test_a_dead_critic_is_an_error_of_each_item_and_never_a_zero() -> None:
    world = World(critic=FakeChatModel([""], fault=ModelError("gone")))

    response = await post(world, "/judge", ASK | {"solutions": [WRONG, RIGHT]})

    assert response.status_code == 200
    answer = response.json()
    for result in answer["results"]:
        assert (result["status"], result["score"]) == ("error", None)
        assert result["error"]["type"] == "/problems/critic-failed"
    assert answer["best"] is None


async def test_a_dead_sandbox_is_an_error_and_never_a_zero() -> None:
    world = World(sandbox=ScriptedSandbox(fault=SandboxError("gone")))

    answer = (await post(world, "/judge", ASK | {"solutions": [WRONG], "tests": TESTS})).json()

    assert answer["results"][0]["status"] == "error"
    assert answer["results"][0]["score"] is None
    assert answer["results"][0]["verdict"] is None
    assert answer["results"][0]["error"]["status"] == 502


async def test_tests_outrank_the_critics_opinion() -> None:
    world = World(
        critic=FakeChatModel([CORRECT, INCORRECT]), sandbox=ScriptedSandbox({RIGHT: verdict_of(1, 1)})
    )

    answer = (await post(world, "/judge", ASK | {"solutions": [WRONG, RIGHT], "tests": TESTS})).json()

    assert [result["verdict"]["outcome"] for result in answer["results"]] == ["wrong_answer", "accepted"]
    assert (answer["ranking"], answer["best"]) == ([1, 0], 1)
    # The ranking is by how many tests pass, so all of them are run.
    assert world.sandbox.stops_seen == [False, False]


@pytest.mark.parametrize("empty", ["", "  \n", "```python\n```"])
async def test_an_empty_program_is_incorrect_and_never_reaches_the_critic(empty: str) -> None:
    world = World()

    answer = (await post(world, "/judge", ASK | {"solutions": [empty], "tests": TESTS})).json()

    assert (answer["results"][0]["score"], answer["results"][0]["judgment"]) == (0.0, "incorrect")
    assert world.critic.conversations == []
    assert world.sandbox.codes_seen == []


async def test_the_critic_is_shown_the_problem_and_the_program() -> None:
    world = World(critic=FakeChatModel([CORRECT]))

    await post(world, "/judge", ASK | {"solutions": [RIGHT]})

    ((message,),) = world.critic.conversations
    assert "<problem>\nAdd one.\n</problem>" in message.content
    assert RIGHT in message.content


async def test_what_passed_its_tests_is_ranked_by_them_though_the_critic_is_gone() -> None:
    world = World(
        critic=FakeChatModel([""], fault=ModelError("gone")),
        sandbox=ScriptedSandbox({RIGHT: verdict_of(1, 1)}),
    )

    body = ASK | {"solutions": [WRONG, RIGHT], "tests": TESTS, "mode": "hybrid"}
    answer = (await post(world, "/judge", body)).json()

    assert [result["status"] for result in answer["results"]] == ["ok", "error"]
    assert (answer["ranking"], answer["best"]) == ([1, 0], 1)


async def test_equal_programs_are_judged_once() -> None:
    world = World()

    answer = (await post(world, "/judge", ASK | {"solutions": [WRONG, RIGHT, WRONG]})).json()

    assert len(world.critic.conversations) == 2
    assert answer["results"][0] == answer["results"][2]


async def test_no_programs_are_no_results() -> None:
    answer = (await post(World(), "/judge", ASK | {"solutions": []})).json()

    assert (answer["results"], answer["ranking"], answer["best"]) == ([], [], None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"solutions": None}, "solutions"),
        ({"solutions": [1]}, "solutions.0"),
        ({"solutions": ["x"] * 513}, "solutions"),
        ({"solutions": ["x" * 200_001]}, "solutions.0"),
        ({"solutions": ["x"], "votes": 0}, "votes"),
        ({"solutions": ["x"], "votes": 65}, "votes"),
        ({"solutions": ["x"], "critic": "gpt-17"}, "critic"),
        ({"solutions": ["x"], "rounds": 3}, "rounds"),
        (
            {
                "solutions": ["x"],
                "entry_point": None,
                "tests": [
                    {"stdin": "1", "stdout": "2"},
                    {"stdin": "1", "stdout": "2", "equality": "numbers"},
                ],
            },
            "tests",
        ),
    ],
)
async def test_a_judging_out_of_bounds_names_the_field(change: dict[str, object], field: str) -> None:
    response = await post(World(), "/judge", ASK | change)

    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == field


ITEMS = [
    {"id": "one", "problem": "Add one.", "entry_point": "f", "solution": RIGHT, "tests": TESTS},
    {"id": "two", "problem": "Return it.", "entry_point": "f", "solution": WRONG},
    {"problem": "Add one.", "entry_point": "f", "solution": RIGHT, "tests": TESTS},
]


async def test_a_batch_of_several_problems_is_judged_item_by_item() -> None:
    world = World(
        critic=ReadingChatModel(
            reader=lambda messages: CORRECT if "Add" in messages[0].content else INCORRECT
        ),
        sandbox=ScriptedSandbox({RIGHT: verdict_of(1, 1)}),
    )

    answer = (await post(world, "/judge", {"items": ITEMS})).json()

    assert [result["id"] for result in answer["results"]] == ["one", "two", None]
    assert [result["score"] for result in answer["results"]] == [1.0, 0.0, 1.0]
    assert [result["verdict"] is None for result in answer["results"]] == [False, True, False]
    assert len(world.critic.conversations) == 2
    assert (answer["ranking"], answer["best"]) == ([], None)


async def test_items_of_one_problem_are_ranked() -> None:
    answer = (await post(World(), "/judge", {"items": [ITEMS[0], ITEMS[2]]})).json()

    assert (answer["ranking"], answer["best"]) == ([0, 1], 0)


async def test_no_items_are_no_results() -> None:
    response = await post(World(), "/judge", {"items": []})

    assert (response.status_code, response.json()["results"]) == (200, [])


@pytest.mark.parametrize("mode", ["critique", "exec", "hybrid"])
async def test_the_version_of_a_judging_names_its_mode(mode: str) -> None:
    answer = (
        await post(World(), "/judge", ASK | {"solutions": [RIGHT], "tests": TESTS, "mode": mode})
    ).json()

    assert answer["judge_version"] == f"c@1+c/1@abc+{mode}"


async def test_tests_alone_score_without_the_critic() -> None:
    world = World(sandbox=ScriptedSandbox({RIGHT: verdict_of(1, 1)}))

    body = ASK | {"solutions": [WRONG, RIGHT], "tests": TESTS, "mode": "exec"}
    answer = (await post(world, "/judge", body)).json()

    assert [result["score"] for result in answer["results"]] == [0.0, 1.0]
    assert {result["basis"] for result in answer["results"]} == {"tests"}
    assert world.critic.conversations == []
    assert answer["usage"]["sandbox_runs"] == 2


def _comparing(model: FakeChatModel) -> ServedCritic:
    async def ping() -> None:
        pass

    card = ModelCard("prompted", "critic", "openai", version="p@1")
    return ServedCritic(card, ChatCritic(model, PROMPTED_CRITIC_TEMPLATE), Sampling(), ping)


async def test_programs_are_compared_by_a_critic_that_has_the_words_for_it() -> None:
    world = World(
        others={"prompted": _comparing(FakeChatModel(["Overall judgment: A", "Overall judgment: B"]))}
    )
    body = ASK | {"solutions": [RIGHT, WRONG], "mode": "pairwise", "critic": "prompted"}

    answer = (await post(world, "/judge", body)).json()

    assert [result["score"] for result in answer["results"]] == [1.0, 0.0]
    assert answer["results"][0]["comparisons"] == {"wins": 1, "losses": 0, "ties": 0, "unread": 0}
    assert answer["judge_version"] == "p@1+pairwise"


def _items(count: int, problem: str = "Add one.") -> list[dict[str, object]]:
    return [{"problem": problem, "solution": RIGHT}] * count


@pytest.mark.parametrize(
    ("programs", "status"),
    [
        (ASK | {"solutions": [RIGHT] * 64}, 200),
        (ASK | {"solutions": [RIGHT] * 65}, 422),
        ({"items": [*_items(64), *_items(64, "Add two.")]}, 200),
        ({"items": _items(65)}, 422),
    ],
)
async def test_no_more_programs_of_one_problem_are_compared_than_may_be(
    programs: dict[str, object], status: int
) -> None:
    world = World(others={"prompted": _comparing(FakeChatModel(["Overall judgment: A"]))})

    response = await post(world, "/judge", programs | {"mode": "pairwise", "critic": "prompted"})

    assert response.status_code == status
    assert (status == 200) or "at most 64 programs of one problem" in response.text


@pytest.mark.parametrize(
    ("on_error", "status", "score", "fallback"),
    [
        ("error", "error", None, False),
        ("abstain", "abstain", None, False),
        ("fallback:0.5", "error", 0.5, True),
    ],
)
async def test_a_failure_is_told_as_the_caller_asks(
    on_error: str, status: str, score: float | None, fallback: bool
) -> None:
    world = World(critic=FakeChatModel([""], fault=ModelError("gone")))

    answer = (await post(world, "/judge", ASK | {"solutions": [RIGHT], "on_error": on_error})).json()

    (result,) = answer["results"]
    assert (result["status"], result["score"], result["fallback"]) == (status, score, fallback)
    assert result["error"]["type"] == "/problems/critic-failed"
    assert answer["best"] is None


async def test_an_abstention_has_the_fallback_too() -> None:
    world = World(critic=FakeChatModel(["Hm."]))

    answer = (await post(world, "/judge", ASK | {"solutions": [RIGHT], "on_error": "fallback:-1"})).json()

    (result,) = answer["results"]
    assert (result["status"], result["score"], result["fallback"]) == ("abstain", -1.0, True)
    assert (result["judgment"], result["basis"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"problem": "p", "items": []}, "problem"),
        ({"solutions": [], "items": []}, "solutions"),
        ({"tests": TESTS, "entry_point": "f", "items": []}, "items"),
        ({"solutions": []}, "problem"),
        ({"problem": "p"}, "solutions"),
        ({}, "problem"),
        ({"items": [{"problem": " ", "solution": "x"}]}, "items.0.problem"),
        ({"items": [{"problem": "p"}]}, "items.0.solution"),
        (
            {"items": [{"problem": "p", "solution": "x", "tests": [{"args": [1]}]}]},
            "items.0.tests.0.expected",
        ),
        ({"items": [{"problem": "p", "solution": "x"}] * 513}, "items"),
        ({"items": [{"problem": "p", "solution": "x"}], "mode": "exec"}, "mode"),
        (ASK | {"solutions": ["x"], "mode": "exec"}, "mode"),
        (ASK | {"solutions": ["x"], "mode": "fast"}, "mode"),
        (ASK | {"solutions": ["x"], "mode": "pairwise"}, "mode"),
        (ASK | {"solutions": ["x"], "mode": "exec", "tests": [{}]}, "tests.0"),
        (ASK | {"solutions": ["x"], "on_error": "ignore"}, "on_error"),
        (ASK | {"solutions": ["x"], "on_error": "fallback:nan"}, "on_error"),
    ],
)
async def test_a_judging_that_cannot_be_done_names_the_field(body: dict[str, object], field: str) -> None:
    response = await post(World(), "/judge", body)

    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("name", EXAMPLES)
async def test_the_documented_examples_are_judged(name: str) -> None:
    world = World(sandbox=ScriptedSandbox({"print(int(input()) + 1)": verdict_of(1, 1)}))

    response = await post(world, "/judge", EXAMPLES[name]["value"])

    assert {result["status"] for result in response.json()["results"]} == {"ok"}
