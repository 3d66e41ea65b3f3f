"""The whole stack on the weights that training made."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from service.adapters.embedded import EmbeddedModel
from tests.command import ctrl
from tests.openai_server import ChatServer, chat_server, speaking

SHIPPED = Path("weights/mini")
pytestmark = [
    pytest.mark.isolation,
    pytest.mark.skipif(not SHIPPED.joinpath("critic").is_dir(), reason="weights/mini: run `make train-mini`"),
]


def test_the_critic_mends_unseen_programs_and_breaks_hardly_any() -> None:
    run = ctrl("demo", "--problems", "20", "--no-stay")

    assert run.returncode == 0, run.stderr
    figures = {
        cells[0].strip(): cells[1].strip()
        for line in run.stdout.splitlines()
        if len(cells := line.strip("│┃ ").split("│")) == 2
    }
    assert int(figures["solved after 3 revisions"]) >= int(figures["solved by the draft"]) + 4
    assert int(figures["solved after 3 revisions"]) >= 17
    assert int(figures["right → wrong"]) <= 1


@pytest.fixture
async def endpoint() -> AsyncGenerator[ChatServer, None]:
    """An OpenAI-compatible server over the shipped generator."""
    model = await asyncio.to_thread(EmbeddedModel.load, "generator", SHIPPED / "generator")
    async with model, chat_server() as server:
        server.answer(speaking(model))
        yield server


async def test_a_hand_written_problem_is_refined_over_any_openai_compatible_endpoint(
    endpoint: ChatServer, tmp_path: Path
) -> None:
    critic = (SHIPPED / "critic").resolve()
    (tmp_path / "ctrl.toml").write_text(
        f"""
[models.remote]
engine = "openai"
base_url = "{endpoint.base_url}"
model = "anything"
role = "generator"
[models.critic]
engine = "embedded"
path = "{critic}"
[defaults]
generator = "remote"
critic = "critic"
""",
        encoding="utf-8",
    )
    request = {
        "problem": "Given a list of numbers: keep the even numbers. Give the sum.",
        "entry_point": "solve",
        "tests": [{"args": [[1, 2, 4]], "expected": 6}, {"assert": "assert solve([]) == 0"}],
        "stop": "tests_passed",
        "sampling": {"temperature": 0.0},
    }
    (tmp_path / "request.json").write_text(json.dumps(request), encoding="utf-8")

    run = await asyncio.to_thread(
        ctrl, "refine", str(tmp_path / "request.json"), "--config", str(tmp_path / "ctrl.toml"), "--json"
    )

    refinement = json.loads(run.stdout)
    assert len(endpoint.bodies) == refinement["usage"]["generator_calls"] >= 1
    assert refinement["tests_passed"] is True, refinement
    assert "mini world" in refinement["notice"]
