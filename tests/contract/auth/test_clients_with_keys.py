"""Other people's clients, with keys, at a gateway on a real socket."""

from collections.abc import Generator
from pathlib import Path

import openai
import pytest
from typer.testing import CliRunner

from service.cli.commands import app as ctrl
from service.client import Client, ProblemError
from service.rewards.asking import RewardError
from service.rewards.trl import make_reward
from service.rewards.verl import compute_score
from tests.contract.compat.trainers import OpenRLHF
from tests.fakes import CORRECT, FakeChatModel
from tests.unit.api.auth_keys import KEYS, auth, entry
from tests.unit.api.world import RIGHT, World
from tests.unit.cli.serving import serving

ASK = [{"role": "user", "content": "Add one."}]


@pytest.fixture
def url(tmp_path: Path) -> Generator[str, None, None]:
    keys = auth(tmp_path, entry("refine", requests_per_minute=2), entry("judge", tenant="trainers"))
    with serving(World(critic=FakeChatModel([CORRECT])).app(auth=keys)) as address:
        yield address


def _openai(url: str, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)


def _chat(client: openai.OpenAI) -> str | None:
    answer = client.chat.completions.create(model="refine", messages=ASK)  # type: ignore[arg-type]
    return answer.choices[0].message.content


def test_openais_client_brings_its_key_and_understands_each_refusal(url: str) -> None:
    with _openai(url, "sk-wrong") as client, pytest.raises(openai.AuthenticationError, match="not known"):
        _chat(client)
    with _openai(url, KEYS["judge"]) as client, pytest.raises(openai.PermissionDeniedError, match="refine"):
        _chat(client)
    with _openai(url, KEYS["refine"]) as client:
        assert _chat(client)
        raw = client.chat.completions.with_raw_response.create(model="refine", messages=ASK)  # type: ignore[arg-type]
        assert raw.headers["x-ratelimit-remaining-requests"] == "0"
        with pytest.raises(openai.RateLimitError) as refused:
            _chat(client)

    assert refused.value.code == "rate_limit_exceeded"
    assert 0 < float(refused.value.response.headers["retry-after-ms"]) <= 30_000


@pytest.mark.parametrize("userinfo", [f"judge:{KEYS['judge']}", f"{KEYS['judge']}:", KEYS["judge"]])
async def test_a_trainer_puts_the_key_into_the_url(url: str, userinfo: str) -> None:
    trainer = OpenRLHF([f"{url.replace('://', f'://{userinfo}@')}/compat/openrlhf/get_reward"])

    answer = await trainer.reward("Add one.", RIGHT)

    assert answer is not None
    assert (answer["rewards"], trainer.attempts) == ([1.0], 1)


@pytest.mark.parametrize("userinfo", ["judge:wrong@", "wrong@", ""])
async def test_a_trainer_with_a_wrong_key_has_no_reward_rather_than_a_zero(url: str, userinfo: str) -> None:
    trainer = OpenRLHF([f"{url.replace('://', f'://{userinfo}')}/compat/openrlhf/get_reward"])

    assert await trainer.reward("Add one.", RIGHT) is None


async def test_reward_functions_bring_their_key(url: str) -> None:
    key = KEYS["judge"]

    by_trl = await make_reward(url, key)(["Add one."], [RIGHT])
    by_verl = await compute_score("set", RIGHT, None, {"problem": "Add one."}, url=url, key=key)

    assert (by_trl, by_verl["score"]) == ([1.0], 1.0)
    with pytest.raises(RewardError, match="not known"):
        await make_reward(url, "wrong")(["Add one."], [RIGHT])


def test_the_commands_and_the_client_take_the_key_from_the_environment(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = tmp_path / "problem.md"
    problem.write_text("Add one.", encoding="utf-8")
    command = ["refine", str(problem), "--url", url, "--json"]

    refused = CliRunner().invoke(ctrl, command)
    monkeypatch.setenv("CTRL_API_KEY", KEYS["refine"])
    refined = CliRunner().invoke(ctrl, command)

    assert (refused.exit_code, refined.exit_code) == (2, 0)
    assert "send a key" in refused.stderr
    with Client(url) as client:
        assert client.models().data
    with Client(url, api_key="wrong") as client, pytest.raises(ProblemError, match="not known"):
        client.models()
