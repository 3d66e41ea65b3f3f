"""POST /critique."""

import pytest

from service.domain.errors import ModelError
from tests.fakes import FakeChatModel
from tests.unit.api.world import NOTICE, WRONG, World, post

ASK = {"problem": "Add one.", "entry_point": "f"}


async def test_a_critique_is_told_with_its_usage() -> None:
    response = await post(World(), "/critique", ASK | {"solution": WRONG})

    assert response.status_code == 200
    answer = response.json()
    assert answer["object"] == "critique"
    assert answer["critique"] == answer["critiques"][0]
    assert answer["critique"]["judgment"] == "incorrect"
    assert answer["usage"]["prompt_tokens"] == 7
    assert (answer["model"]["name"], answer["notice"]) == ("mini-critic", NOTICE)


async def test_several_critiques_are_drawn_at_once() -> None:
    answer = (await post(World(), "/critique", ASK | {"solution": WRONG, "n": 2})).json()

    assert [critique["judgment"] for critique in answer["critiques"]] == ["incorrect", "correct"]


async def test_the_critic_is_not_told_of_tests() -> None:
    world = World()

    await post(world, "/critique", ASK | {"solution": WRONG, "tests": [{"args": [41], "expected": 42}]})

    assert "42" not in str(world.critic.conversations)
    assert world.sandbox.codes_seen == []


@pytest.mark.parametrize(
    ("change", "field"),
    [({}, "solution"), ({"solution": " "}, "solution"), ({"solution": "x", "n": 33}, "n")],
)
async def test_a_critique_of_nothing_names_the_field(change: dict[str, object], field: str) -> None:
    response = await post(World(), "/critique", ASK | change)

    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == field


async def test_a_dead_critic_fails_a_critique() -> None:
    world = World(critic=FakeChatModel([""], fault=ModelError("gone")))

    response = await post(world, "/critique", ASK | {"solution": WRONG})

    assert response.status_code == 502
    assert response.json()["type"] == "/problems/critic-failed"
    assert world.gate.inflight == 0
