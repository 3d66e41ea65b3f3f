"""What the critic's container does before it becomes vLLM, and how it names its weights."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from service.adapters.configured import open_model
from service.adapters.manifest import pin_of
from service.domain.chat import Message, Sampling
from service.domain.errors import ModelError
from service.settings import OpenAIModelSettings

ROOT = Path(__file__).parents[3]
MINI = ROOT / "weights/mini/critic"
PIN = pin_of(MINI / "critic.json")
Start = Callable[..., subprocess.CompletedProcess[str]]


def _script(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / f"deploy/docker/critic/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


serve, ready = _script("serve"), _script("ready")


@asynccontextmanager
async def _vllm(*names: str) -> AsyncGenerator[str, None]:
    """Serve as vLLM does: a name that is not served is 404."""

    async def models(request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": name} for name in names]})

    async def chat(request: web.Request) -> web.Response:
        asked_for = (await request.json())["model"]
        if asked_for not in names:
            message = f"The model `{asked_for}` does not exist."
            return web.json_response({"error": {"message": message, "code": 404}}, status=404)
        choice = {"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}
        return web.json_response({"choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 1}})

    app = web.Application()
    app.add_routes([web.get("/v1/models", models), web.post("/v1/chat/completions", chat)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


def _pinned(base_url: str) -> OpenAIModelSettings:
    return OpenAIModelSettings.model_validate(
        {
            "engine": "openai",
            "base_url": base_url,
            "model": "critic",
            "manifest": MINI / "critic.json",
            "pinned": True,
        }
    )


async def test_a_pinned_gateway_is_served_by_a_container_with_the_same_manifest() -> None:
    async with _vllm(*serve.names_of("critic", MINI)) as url, open_model("c", _pinned(url)) as model:
        await model.ping()
        answers = await model.engine.complete([Message("user", "hi")], Sampling())

    assert [answer.text for answer in answers] == ["hi"]


async def test_a_pinned_gateway_refuses_other_weights_of_the_same_name() -> None:
    async with _vllm("critic", "critic@0123456789ab") as url, open_model("c", _pinned(url)) as model:
        with pytest.raises(
            ModelError, match=rf"critic@{PIN} is asked for, and there are critic, critic@0123"
        ):
            await model.ping()
        with pytest.raises(ModelError, match=f"critic@{PIN}. does not exist"):
            await model.engine.complete([Message("user", "hi")], Sampling())


async def test_a_list_of_models_that_is_none_names_nothing() -> None:
    async with _vllm() as url, open_model("c", _pinned(url)) as model:
        with pytest.raises(ModelError, match="there are none"):
            await model.ping()


def test_weights_that_are_not_what_their_manifest_says_are_not_served(tmp_path: Path) -> None:
    weights = shutil.copytree(MINI, tmp_path / "critic")
    (weights / "config.json").write_text("{}", encoding="utf-8")

    with pytest.raises(SystemExit, match=r"config\.json: its SHA-256 is not the one in critic\.json"):
        serve.names_of("critic", weights)


def test_weights_without_a_manifest_have_one_name(tmp_path: Path) -> None:
    assert serve.names_of("critic", tmp_path) == ["critic"]


def test_an_adapter_is_served_by_its_names_with_room_for_its_rank(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(json.dumps({"r": 24}), encoding="utf-8")

    options = serve.lora_options(["critic", "critic@1"], str(tmp_path))

    assert options[options.index("--max-lora-rank") + 1] == "32"
    assert options[options.index("--max-loras") + 1] == "2"
    assert options[options.index("--lora-modules") + 1 :] == [f"critic={tmp_path}", f"critic@1={tmp_path}"]


@pytest.fixture
def started(tmp_path: Path) -> Start:
    """Start the script with a vLLM that prints its options, and a cache of the hub with one adapter in it."""
    server = tmp_path / "site/vllm/entrypoints/openai/api_server.py"
    server.parent.mkdir(parents=True)
    server.write_text("import os, sys\nprint(sys.argv[1:], os.getenv('HF_HUB_OFFLINE'))", encoding="utf-8")
    adapter = tmp_path / "hub/models--lab--lora"
    snapshot = adapter / "snapshots" / ("a" * 40)
    for file, text in ((snapshot / "adapter_config.json", '{"r": 40}'), (adapter / "refs/main", "a" * 40)):
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
    known = {"PYTHONPATH": str(tmp_path / "site"), "HF_HOME": str(tmp_path)}

    def start(**environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "deploy/docker/critic/serve.py")]
        return subprocess.run(
            command, env=known | environment, capture_output=True, text=True, check=False, timeout=60
        )

    return start


def test_an_adapter_may_be_the_hubs(started: Start) -> None:
    ran = started(MODEL=str(MINI), ADAPTER="lab/lora", HF_HUB_OFFLINE="1")

    assert "'--max-lora-rank', '64', '--lora-modules', 'critic=lab/lora'" in ran.stdout, ran.stderr


def test_the_hub_is_asked_only_where_something_is_the_hubs(started: Start) -> None:
    folders = started(MODEL=str(MINI))
    hub = started(MODEL="lab/model")

    assert folders.stdout.endswith("1\n"), folders.stderr
    assert hub.stdout.endswith("None\n"), hub.stderr


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "MODEL is not set: give a folder or a name of the hub\n"),
        ({"MODEL": "/weights/gone"}, "MODEL: there is no folder /weights/gone in the container"),
        ({"MODEL": "lab/model", "ADAPTER": "/weights/gone"}, "ADAPTER: there is no folder /weights/gone"),
        ({"MODEL": "lab/model", "ADAPTER": str(MINI)}, "adapter_config.json: no rank of an adapter"),
    ],
)
def test_what_is_missing_is_named(started: Start, environment: dict[str, str], said: str) -> None:
    ran = started(**environment)

    assert ran.returncode == 1
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_its_user_can_be_added_to_vllms_own_image() -> None:
    dockerfile = (ROOT / "deploy/docker/critic/Dockerfile").read_text(encoding="utf-8")

    [name] = re.findall(r"useradd .* (\w+) \\$", dockerfile, re.MULTILINE)

    assert name not in {"ubuntu", "vllm"}, "vllm/vllm-openai has this user, and useradd fails"
