"""The shipped models on two real vLLM servers, and the gateway and the sandbox in front of them."""

from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.cli.stack import passing_stack
from tests.vllm_server import VllmServer, configuration, endpoint, vllm_server

SHIPPED = Path("weights/mini")
LORA = ("--enable-lora", "--max-lora-rank", "64", "--max-loras", "1")


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[dict[str, VllmServer], None, None]:
    """Both servers by role: started once, side by side. The generator's takes adapters too."""
    directory = tmp_path_factory.mktemp("vllm")
    with ExitStack() as stack:
        started = {
            role: stack.enter_context(vllm_server(SHIPPED / role, role, directory, options))
            for role, options in (("generator", LORA), ("critic", ()))
        }
        for server in started.values():
            server.await_work()
        yield started


@pytest.fixture(scope="session")
def critic(servers: dict[str, VllmServer]) -> VllmServer:
    return servers["critic"]


@pytest.fixture(scope="session")
def generator(servers: dict[str, VllmServer]) -> VllmServer:
    return servers["generator"]


@pytest.fixture(scope="session")
def gateway(
    servers: dict[str, VllmServer], tmp_path_factory: pytest.TempPathFactory
) -> Generator[str, None, None]:
    """The URL of a gateway whose models are both pinned to the shipped weights."""
    models = {
        role: endpoint(server, manifest=str(SHIPPED.resolve() / role / f"{role}.json"), pinned=True)
        for role, server in servers.items()
    }
    config = configuration(tmp_path_factory.mktemp("gateway") / "ctrl.toml", models)
    with passing_stack(config) as stack:
        yield stack.url
