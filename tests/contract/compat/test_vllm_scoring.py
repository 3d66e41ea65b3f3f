"""/score, /classify and /rerank, with the bodies that vLLM's users send."""

import math
from typing import Any

import aiohttp
import pytest

from service.domain.chat import TokenLogprob
from service.domain.errors import ModelError
from tests.contract.compat.trainers import CHATML, rollout, verl_discriminator
from tests.fakes import CORRECT, INCORRECT, FakeChatModel, ReadingChatModel
from tests.unit.api.world import RIGHT, WRONG, World, client_of, post
from tests.unit.cli.serving import serving


def _knowing() -> ReadingChatModel:
    return ReadingChatModel(reader=lambda asked: CORRECT if "x + 1" in asked[0].content else INCORRECT)


def _sure(probability: float) -> World:
    top = {" Correct": math.log(probability), " Incorrect": math.log(1 - probability)}
    logprobs = (TokenLogprob("Overall judgment:", 0.0), TokenLogprob(" Correct", top[" Correct"], top))
    return World(critic=FakeChatModel([CORRECT], logprobs=logprobs))


@pytest.mark.parametrize("path", ["/score", "/v1/score"])
@pytest.mark.parametrize(
    ("queries", "documents"),
    [("queries", "documents"), ("queries", "items"), ("text_1", "text_2"), ("data_1", "data_2")],
)
async def test_documents_are_scored_for_one_query(path: str, queries: str, documents: str) -> None:
    body = {"model": "mini-critic", queries: "Add one.", documents: [WRONG, f"```python\n{RIGHT}\n```"]}

    answer = (await post(World(critic=_knowing()), path, body)).json()

    assert (answer["object"], answer["model"]) == ("list", "mini-critic")
    assert answer["data"] == [
        {"index": 0, "object": "score", "score": 0.0},
        {"index": 1, "object": "score", "score": 1.0},
    ]
    assert answer["usage"]["prompt_tokens"] == 14
    assert answer["usage"]["total_tokens"] > 14


async def test_each_document_may_have_its_own_query() -> None:
    critic = ReadingChatModel(reader=lambda asked: CORRECT if "Add two" in asked[0].content else INCORRECT)
    body = {"queries": ["Add one.", "Add two."], "documents": [WRONG, WRONG]}

    answer = (await post(World(critic=critic), "/score", body)).json()

    assert [datum["score"] for datum in answer["data"]] == [0.0, 1.0]


async def test_one_document_may_come_alone() -> None:
    answer = (await post(_sure(0.75), "/score", {"text_1": "Add one.", "text_2": RIGHT})).json()

    assert [datum["score"] for datum in answer["data"]] == [pytest.approx(0.75)]


async def test_without_activation_the_score_is_the_logit() -> None:
    body = {"queries": "Add one.", "documents": [RIGHT], "use_activation": False}

    unsure = (await post(_sure(0.75), "/score", body)).json()["data"][0]["score"]
    certain = (await post(World(critic=_knowing()), "/score", body)).json()["data"][0]["score"]

    assert unsure == pytest.approx(math.log(3))
    assert certain == pytest.approx(math.log(1e6), rel=1e-3)


async def test_parameters_that_mean_nothing_here_are_no_obstacle_and_go_nowhere() -> None:
    world = World(critic=_knowing())
    body = {
        "queries": "Add one.",
        "documents": [RIGHT],
        "priority": 3,
        "cache_salt": "s" * 2000,
        "truncate_prompt_tokens": -1,
        "request_id": "mine",
    }

    response = await post(world, "/score", body)

    assert response.status_code == 200
    assert "mine" not in response.text
    assert "mine" not in str(world.critic.conversations)


@pytest.mark.parametrize("path", ["/classify", "/v1/classify"])
async def test_a_conversation_is_classified(path: str) -> None:
    text, _ = rollout("Add one.", RIGHT)

    answer = (await post(_sure(0.75), path, {"model": "mini-critic", "input": [text]})).json()

    (datum,) = answer["data"]
    assert datum == {"index": 0, "label": "correct", "probs": pytest.approx([0.25, 0.75]), "num_classes": 2}


async def test_a_conversation_may_come_as_messages() -> None:
    world = World(critic=_knowing())
    messages = [{"role": "user", "content": "Add one."}, {"role": "assistant", "content": WRONG}]

    answer = (await post(world, "/classify", {"messages": messages})).json()

    assert (answer["data"][0]["label"], answer["data"][0]["probs"]) == ("incorrect", [1.0, 0.0])
    assert "<problem>\nAdd one.\n</problem>" in world.critic.conversations[0][0].content


async def test_verls_discriminative_reward_model_reads_the_logit() -> None:
    with serving(_sure(0.75).app()) as url:
        async with aiohttp.ClientSession() as session:
            score = await verl_discriminator(session, url, rollout("Add one.", RIGHT)[0])

    assert score == pytest.approx(math.log(3))


@pytest.mark.parametrize("path", ["/rerank", "/v1/rerank", "/v2/rerank"])
async def test_programs_are_ranked_from_best_to_worst(path: str) -> None:
    body = {"query": "Add one.", "documents": [WRONG, {"text": RIGHT}, "print(1)"]}

    answer = (await post(World(critic=_knowing()), path, body)).json()

    assert [result["index"] for result in answer["results"]] == [1, 0, 2]
    assert answer["results"][0] == {"index": 1, "document": {"text": RIGHT}, "relevance_score": 1.0}


async def test_one_program_to_rank_may_stand_alone() -> None:
    answer = (
        await post(World(critic=_knowing()), "/rerank", {"query": "Add one.", "documents": RIGHT})
    ).json()

    assert [result["document"]["text"] for result in answer["results"]] == [RIGHT]


@pytest.mark.parametrize(("top_n", "count"), [(0, 3), (1, 1), (9, 3), (None, 3)])
async def test_only_the_best_are_told_where_that_is_asked(top_n: int | None, count: int) -> None:
    body = {"query": "Add one.", "documents": [WRONG, RIGHT, "print(1)"], "top_n": top_n}

    answer = (await post(World(critic=_knowing()), "/rerank", body)).json()

    assert len(answer["results"]) == count


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/score", {"queries": "p", "documents": []}),
        ("/classify", {"input": []}),
        ("/rerank", {"query": "p", "documents": []}),
    ],
)
async def test_nothing_to_score_is_no_scores(path: str, body: dict[str, Any]) -> None:
    response = await post(World(), path, body)

    assert response.status_code == 200
    assert response.json().get("data", response.json().get("results")) == []


BODIES: dict[str, dict[str, Any]] = {
    "/v1/score": {"queries": "p", "documents": [RIGHT]},
    "/v1/classify": {"input": CHATML.format("p") + RIGHT},
    "/v1/rerank": {"query": "p", "documents": [RIGHT]},
}


@pytest.mark.parametrize(("path", "body"), BODIES.items(), ids=BODIES)
async def test_a_dead_critic_is_an_error_of_openais_form_and_never_a_zero(
    path: str, body: dict[str, Any]
) -> None:
    world = World(critic=FakeChatModel([""], fault=ModelError("gone")))

    response = await post(world, path, body)

    assert response.status_code == 502
    assert response.json()["error"] == {
        "message": "gone",
        "type": "server_error",
        "param": None,
        "code": "critic_failed",
    }


@pytest.mark.parametrize(("path", "body"), BODIES.items(), ids=BODIES)
async def test_a_score_may_be_left_out_or_stood_in_for(path: str, body: dict[str, Any]) -> None:
    world = World(critic=FakeChatModel(["Hm."]))

    absent = (await post(world, f"{path}?on_error=abstain", body)).json()
    stand_in = (await post(world, f"{path}?on_error=fallback:0.5", body)).json()

    assert _found(absent) is None
    assert _found(stand_in) in (0.5, [0.5, 0.5])


async def test_what_stands_in_for_a_score_is_no_logit_and_no_judgment() -> None:
    world = World(critic=FakeChatModel(["Hm."]))
    body = BODIES["/v1/classify"] | {"use_activation": False}

    answer = (await post(world, "/v1/classify?on_error=fallback:0", body)).json()
    activated = (await post(world, "/v1/classify?on_error=fallback:0", BODIES["/v1/classify"])).json()

    assert (answer["data"][0]["probs"], answer["data"][0]["label"]) == ([0.0, 0.0], None)
    assert (activated["data"][0]["probs"], activated["data"][0]["label"]) == ([1.0, 0.0], None)


def _found(answer: dict[str, Any]) -> object:
    datum = answer.get("data", answer.get("results"))[0]  # type: ignore[index]
    return datum.get("score", datum.get("probs", datum.get("relevance_score")))


@pytest.mark.parametrize(
    ("path", "body", "status", "param"),
    [
        ("/score", {"model": "gpt-17", "queries": "p", "documents": ["x"]}, 404, "model"),
        ("/score", {"documents": ["x"]}, 400, "queries"),
        ("/score", {"queries": " ", "documents": ["x"]}, 400, "queries.0"),
        ("/score", {"queries": ["p", "q"], "documents": ["x"]}, 400, "queries"),
        ("/score?mode=exec", {"queries": "p", "documents": ["x"]}, 400, "query.mode"),
        ("/score?mode=pairwise", {"queries": "p", "documents": ["x"]}, 400, "mode"),
        ("/score?critic=x", {"queries": "p", "documents": ["x"]}, 400, "query.critic"),
        ("/classify", {"input": "just words"}, 400, "input.0"),
        ("/classify", {"input": CHATML.format("p").removesuffix("<|im_start|>assistant\n")}, 400, "input.0"),
        ("/classify", {"messages": [{"role": "user", "content": "p"}]}, 400, "messages"),
        ("/classify", {}, 400, "input"),
        ("/rerank", {"query": "p", "documents": ["x"], "top_n": -1}, 400, "top_n"),
        ("/rerank?mode=pairwise", {"query": "p", "documents": ["x"] * 65}, 400, "mode"),
    ],
)
async def test_a_wrong_request_names_the_parameter(
    path: str, body: dict[str, Any], status: int, param: str
) -> None:
    response = await post(World(), path, body)

    assert response.status_code == status
    error = response.json()["error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", param)


async def test_what_is_no_json_is_an_error_of_openais_form() -> None:
    async with client_of(World().app()) as client:
        response = await client.post("/v1/score", content=b"{", headers={"Content-Type": "application/json"})

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "bad_request"


async def test_what_does_not_say_that_it_is_json_is_told_to() -> None:
    """It was told to be a dictionary, or an object to extract fields from."""
    async with client_of(World().app()) as client:
        response = await client.post("/score", content=b'{"model": "mini-critic"}')

    assert response.status_code == 400
    assert response.json()["error"]["message"] == "body: must be a JSON object, sent as application/json"
