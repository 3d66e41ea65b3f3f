"""The configurations of `configs/serving` and the README's, as they stand, by a real gateway."""

import re
import shutil
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.adapters.manifest import critic_template, read_template
from service.domain.chat import Message
from service.domain.templates import CRITIC_TEMPLATE, CriticTemplate
from service.settings import OpenAIModelSettings, SettingsError, load_settings
from tests.fakes import CORRECT, INCORRECT, ReadingChatModel
from tests.gateway_process import RIGHT, WRONG, gateway_process
from tests.openai_server import ChatServer, chat_server, speaking

SERVING = Path("configs/serving")
EXAMPLES = sorted(SERVING.glob("*.toml"))
KEY = "sk-of-the-provider"
PROBLEM = "Add one to a number."
TASK: dict[str, Any] = {"problem": PROBLEM, "entry_point": "f"}


@dataclass(frozen=True, slots=True)
class Started:
    """A gateway that runs an example, and what is behind it."""

    url: str
    log: Path
    generator: ChatServer
    critic: ChatServer


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def _models(example: Path) -> dict[str, tuple[str, OpenAIModelSettings]]:
    """Return the default models by role, with their names."""
    settings = load_settings(example)
    names = {"generator": settings.defaults.generator, "critic": settings.defaults.critic}
    models = {role: (name, settings.models[name]) for role, name in names.items()}
    return {role: (name, each) for role, (name, each) in models.items() if each.engine == "openai"}


@asynccontextmanager
async def _started(
    example: Path, directory: Path, patch: pytest.MonkeyPatch
) -> AsyncGenerator[Started, None]:
    """Run an example with nothing changed but the addresses of its models, which the environment moves."""
    async with chat_server() as generator, chat_server() as critic:
        servers = {"generator": generator, "critic": critic}
        generator.answer(speaking(ReadingChatModel(reader=_written)))
        critic.answer(speaking(ReadingChatModel(reader=_reviewed)))
        for role, (name, _) in _models(example).items():
            patch.setenv(f"CTRL_MODELS__{name.upper()}__BASE_URL", servers[role].base_url)
        # A copy, so that the log beside it is the test's.
        configs = shutil.copytree("configs", directory / "configs")
        shipped = example.is_relative_to("configs")
        gateway = gateway_process(configs / example.relative_to("configs") if shipped else example)
        try:
            await gateway.start()
            yield Started(gateway.url, gateway.log, generator, critic)
        finally:
            gateway.terminate()
            await gateway.ended()


def _written(messages: Sequence[Message]) -> str:
    return f"```python\n{RIGHT if WRONG in _text(messages) else WRONG}\n```"


def _reviewed(messages: Sequence[Message]) -> str:
    return CORRECT if RIGHT in _text(messages) else INCORRECT


def _text(messages: Sequence[Message]) -> str:
    return "\n".join(message.content for message in messages)


def _template(model: OpenAIModelSettings) -> CriticTemplate:
    return CRITIC_TEMPLATE if model.template is None else critic_template(read_template(model.template))


def test_there_are_examples() -> None:
    assert [example.stem for example in EXAMPLES] == ["ctrl-32b", "provider", "qwen7b-one-gpu"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
async def test_an_example_refines_and_judges(
    example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = _models(example)
    async with (
        _started(example, tmp_path, monkeypatch) as started,
        httpx.AsyncClient(base_url=started.url, timeout=60) as client,
    ):
        refined = (await client.post("/refine", json=TASK)).json()
        asked_by_refine = len(started.critic.bodies)
        judged = (await client.post("/judge", json=TASK | {"solutions": [RIGHT, WRONG]})).json()

    assert refined["stop_reason"] == "judged_correct", refined
    assert [each["solution"] for each in refined["rounds"]] == [WRONG, RIGHT]
    assert [each["judgment"] for each in judged["results"]] == ["correct", "incorrect"]
    assert (asked_by_refine, len(started.critic.bodies)) == (2, 4)
    template = _template(models["critic"][1])
    for role, server in (("generator", started.generator), ("critic", started.critic)):
        assert {body["model"] for body in server.bodies} == {models[role][1].model}
    # The critic is asked in its template's own words, whose text ends where the form of a critique does.
    ending = template.critique.rpartition("}}")[2]
    assert all(body["messages"][0]["content"].endswith(ending) for body in started.critic.bodies)
    assert refined["models"]["critic"]["template"].startswith(f"{template.id}@")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The file that the README has one write."""
    readme = Path("README.md").read_text(encoding="utf-8")
    assert "ctrl up --config mine.toml" in readme
    [snippet] = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    file = tmp_path / "mine.toml"
    file.write_text(snippet, encoding="utf-8")
    return file


async def test_the_readmes_models_are_a_whole_configuration(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        _started(mine, tmp_path, monkeypatch) as started,
        httpx.AsyncClient(base_url=started.url, timeout=60) as client,
    ):
        refined = (await client.post("/refine", json=TASK)).json()

    assert refined["stop_reason"] == "judged_correct", refined
    assert len(started.generator.bodies) == len(started.critic.bodies) == 2


def test_one_gpu_serves_both_roles_by_one_address() -> None:
    models = _models(SERVING / "qwen7b-one-gpu.toml")

    assert models["generator"][1].base_url == models["critic"][1].base_url


async def test_only_the_provider_is_sent_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        _started(SERVING / "provider.toml", tmp_path, monkeypatch) as started,
        httpx.AsyncClient(base_url=started.url, timeout=60) as client,
    ):
        answer = await client.post("/refine", json=TASK)

    assert {headers.get("Authorization") for headers in started.generator.headers} == {f"Bearer {KEY}"}
    assert {headers.get("Authorization") for headers in started.critic.headers} == {None}
    assert KEY not in answer.text + started.log.read_text(encoding="utf-8")


def test_a_provider_without_its_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROVIDER_API_KEY")
    provider = _models(SERVING / "provider.toml")["generator"][1]

    with pytest.raises(SettingsError, match="PROVIDER_API_KEY is not set"):
        provider.api_key("coder")


def test_ctrl_32b_is_asked_in_the_published_form() -> None:
    template = _template(_models(SERVING / "ctrl-32b.toml")["critic"][1])

    marks = [
        "<problem>\n{{problem}}\n</problem>",
        "<answer>\n{{candidate}}\n</answer>",
        "<format>\nAnalysis:",
    ]
    marks += ["Improvement suggestions:", "Overall judgment: {Correct/Incorrect}\n</format>"]
    places = [template.critique.index(mark) for mark in marks]
    assert places == sorted(places)
    assert "<hint>" not in template.critique
    assert template.system is None
