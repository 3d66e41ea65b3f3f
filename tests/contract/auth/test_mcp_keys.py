"""MCP with keys: one door, and each tool for its role."""

from pathlib import Path
from typing import Any

from tests.contract.mcp.calling import ASK, answer_of, by_hand, call
from tests.fakes import CORRECT, FakeChatModel
from tests.unit.api.auth_keys import auth, bearer, entry
from tests.unit.api.world import RIGHT, World, until

JUDGE: dict[str, Any] = {"problem": "Add one.", "solutions": [RIGHT]}
REVIEW: dict[str, Any] = {"problem": "Add one.", "solution": RIGHT}


async def test_a_tool_is_for_keys_of_its_role(tmp_path: Path) -> None:
    allowed = []
    async with by_hand(World(critic=FakeChatModel([CORRECT])), auth=auth(tmp_path)) as client:
        nobody = await client.post("/mcp", json=call("judge_code", JUDGE))
        stranger = await client.post("/mcp", json=call("judge_code", JUDGE), headers=bearer("metrics"))
        for tool, arguments in (("refine_code", ASK), ("judge_code", JUDGE), ("critique_code", REVIEW)):
            for key in ("refine", "judge"):
                answer = answer_of(await client.post("/mcp", json=call(tool, arguments), headers=bearer(key)))
                if answer["result"].get("isError"):
                    assert "This key may not do that" in answer["result"]["content"][0]["text"]
                else:
                    allowed.append((tool, key))

    assert (nobody.status_code, stranger.status_code) == (401, 403)
    assert allowed == [
        ("refine_code", "refine"),
        ("judge_code", "judge"),
        ("critique_code", "refine"),
        ("critique_code", "judge"),
    ]


async def test_what_a_tool_spends_is_its_tenants(tmp_path: Path) -> None:
    world = World(critic=FakeChatModel([CORRECT]), clock=lambda: 0.0)
    keys = auth(tmp_path, entry("judge", tokens_per_minute=60_000), reserve_tokens=1)
    async with by_hand(world, auth=keys) as client:
        answer = await client.post("/mcp", json=call("judge_code", JUDGE), headers=bearer("judge"))
        spent = world.metric('ctrl_model_tokens_total{kind="completion",role="critic"}')
        await until(lambda: world.limits.remaining_tokens("acme") == 60_000 - spent)

    assert answer.headers["x-ratelimit-remaining-tokens"] == "59999"
    assert spent > 1
