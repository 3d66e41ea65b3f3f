"""POST /compat/nemo-gym/verify, with the bodies that NeMo Gym sends."""

import base64
import json
import zlib
from typing import Any

import aiohttp
import pytest

from service.domain.errors import ModelError, SandboxError, ServiceError
from tests.fakes import CORRECT, INCORRECT, FakeChatModel, ReadingChatModel, ScriptedSandbox, verdict_of
from tests.unit.api.world import RIGHT, WRONG, World, client_of, post
from tests.unit.cli.serving import serving

Json = dict[str, Any]
VERIFY = "/compat/nemo-gym/verify"
STDIN_TESTS = {"inputs": ["1\n", "2\n"], "outputs": ["2\n", "3\n"], "fn_name": None}
CALL_TESTS = {"inputs": ["1", "2"], "outputs": ["2", "3"], "fn_name": "f"}


def _row(code: str, tests: object = None, **more: Any) -> Json:
    """A finished rollout with what surrounds it."""
    said = {"type": "output_text", "text": f"```python\n{code}\n```", "annotations": []}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [said]}
    return {
        "responses_create_params": {
            "input": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Add one."}],
            "temperature": 1.0,
        },
        "response": {
            "id": "resp_1",
            "object": "response",
            "output": [{"id": "rs_1", "type": "reasoning", "summary": [], "content": None}, message],
            "usage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
        },
        "verifier_metadata": None if tests is None else {"unit_tests": tests, "difficulty": "easy"},
        "_ng_rollout_id": "r1",
        **more,
    }


def _knowing() -> ReadingChatModel:
    return ReadingChatModel(reader=lambda asked: CORRECT if "x + 1" in asked[0].content else INCORRECT)


async def test_a_session_is_seeded_and_a_row_comes_back_with_its_reward() -> None:
    with serving(World(critic=_knowing()).app()) as url:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar()) as session:
            async with session.post(f"{url}/compat/nemo-gym/seed_session", json={}) as response:
                assert (response.status, await response.json()) == (200, {})
            async with session.post(f"{url}{VERIFY}", json=_row(RIGHT)) as response:
                row = await response.json()

    assert row == _row(RIGHT) | {"reward": 1.0, "reward_components": {"exec": 0.0, "critic": 1.0}}


@pytest.mark.parametrize("path", ["seed_session", "close_session"])
async def test_a_sessions_id_comes_back(path: str) -> None:
    response = await post(
        World(), f"/compat/nemo-gym/{path}", {"resources_session_id": "s1", "episode_id": "e"}
    )

    assert response.json() == {"resources_session_id": "s1"}


async def test_a_finished_rollout_may_be_judged_again() -> None:
    async with client_of(World().app()) as client:
        response = await client.get("/compat/nemo-gym/reverify_mode")

    assert (response.status_code, response.json()) == (200, "stateless")


@pytest.mark.parametrize("tests", [STDIN_TESTS, CALL_TESTS])
async def test_the_rows_tests_decide_where_they_fail(tests: Json) -> None:
    world = World(critic=_knowing(), sandbox=ScriptedSandbox({RIGHT: verdict_of(2, 2)}))

    right = (await post(world, VERIFY, _row(RIGHT, tests))).json()
    wrong = (await post(world, VERIFY, _row(WRONG, tests))).json()

    assert (right["reward"], right["reward_components"]) == (1.0, {"exec": 0.0, "critic": 1.0})
    assert (wrong["reward"], wrong["reward_components"]) == (0.0, {"exec": 0.0, "critic": 0.0})
    assert len(world.critic.conversations) == 1


async def test_tests_alone_may_decide() -> None:
    world = World(sandbox=ScriptedSandbox({RIGHT: verdict_of(2, 2)}))

    row = (await post(world, f"{VERIFY}?mode=exec", _row(RIGHT, STDIN_TESTS))).json()

    assert (row["reward"], row["reward_components"]) == (1.0, {"exec": 1.0, "critic": 0.0})


async def test_packed_tests_are_unpacked() -> None:
    packed = base64.b64encode(zlib.compress(json.dumps(STDIN_TESTS).encode())).decode()
    world = World(sandbox=ScriptedSandbox({RIGHT: verdict_of(2, 2)}))

    row = (await post(world, f"{VERIFY}?mode=exec", _row(RIGHT, {"packed": packed, "fn_name": None}))).json()

    assert row["reward"] == 1.0
    assert world.sandbox.codes_seen == [RIGHT]


async def test_packed_tests_that_unpack_without_end_are_refused() -> None:
    packed = base64.b64encode(zlib.compress(b" " * (65 * 2**20), 9)).decode()

    response = await post(World(), VERIFY, _row(RIGHT, {"packed": packed}))

    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "verifier_metadata.packed"


@pytest.mark.parametrize(
    ("critic", "sandbox", "kind"),
    [
        (ModelError("TimeoutError"), None, "judge_failed"),
        (None, SandboxError("gone"), "verifier_error"),
        (None, None, "judge_unparseable"),
    ],
)
async def test_a_row_that_could_not_be_judged_is_marked_and_masked(
    critic: ServiceError | None, sandbox: ServiceError | None, kind: str
) -> None:
    world = World(
        critic=FakeChatModel(["Hm."], fault=critic),
        sandbox=ScriptedSandbox({RIGHT: verdict_of(2, 2)}, fault=sandbox),
    )

    response = await post(world, VERIFY, _row(RIGHT, STDIN_TESTS))

    row = response.json()
    assert response.status_code == 200
    assert row["response"] == _row(RIGHT)["response"]
    assert (row["_ng_failure_class"], row["failure_kind"]) == ("judge_failed", kind)
    assert row["mask_sample"] is True
    assert row["instance_config"] == {"mask_sample": True}  # where older NeMo RL looks
    assert row["_ng_failure_judge_error"]
    assert row["reward"] == 0.0


async def test_a_row_that_is_tried_again_is_rid_of_its_failure() -> None:
    failed = (await post(World(critic=FakeChatModel(["Hm."])), VERIFY, _row(RIGHT))).json()

    again = (await post(World(critic=_knowing()), VERIFY, failed)).json()

    assert failed["_ng_failure_class"] == "judge_failed"
    assert again == _row(RIGHT) | {"reward": 1.0, "reward_components": {"exec": 0.0, "critic": 1.0}}


async def test_a_rows_own_configuration_outlives_a_failure() -> None:
    row = _row(RIGHT, instance_config={"repo": "a"})

    failed = (await post(World(critic=FakeChatModel(["Hm."])), VERIFY, row)).json()
    again = (await post(World(critic=_knowing()), VERIFY, failed)).json()

    assert failed["instance_config"] == {"repo": "a", "mask_sample": True}
    assert again["instance_config"] == {"repo": "a"}


async def test_an_answer_without_a_program_is_wrong_and_no_failure() -> None:
    row = _row(RIGHT)
    row["response"]["output"] = []

    answer = (await post(World(), VERIFY, row)).json()

    assert answer["reward"] == 0.0
    assert "_ng_failure_class" not in answer


async def test_a_row_that_cannot_be_read_names_the_field() -> None:
    row = _row(RIGHT) | {"response": None}

    response = await post(World(), VERIFY, row)

    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "response"
