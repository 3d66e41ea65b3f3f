"""What the critic's container does before it becomes vLLM, and how it names its weights."""

import importlib.util
import json
import re
import shutil
from collections.abc import AsyncGenerator
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

    options = serve.lora_options(["critic", "critic@1"], tmp_path)

    assert options[options.index("--max-lora-rank") + 1] == "32"
    assert options[options.index("--max-loras") + 1] == "2"
    assert options[options.index("--lora-modules") + 1 :] == [f"critic={tmp_path}", f"critic@1={tmp_path}"]


def test_its_user_can_be_added_to_vllms_own_image() -> None:
    dockerfile = (ROOT / "deploy/docker/critic/Dockerfile").read_text(encoding="utf-8")

    [name] = re.findall(r"useradd .* (\w+) \\$", dockerfile, re.MULTILINE)

    assert name not in {"ubuntu", "vllm"}, "vllm/vllm-openai has this user, and useradd fails"
