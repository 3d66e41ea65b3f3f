"""Critics as adapters on the generator's server, loaded and replaced while the gateway goes on."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.adapters.embedded import EmbeddedModel
from service.cli.stack import passing_stack
from service.domain.chat import Sampling
from service.domain.roles import ChatCritic
from service.domain.task import Candidate, Task
from tests.difference_adapter import write_adapter, write_merged
from tests.vllm_server import NEEDS_VLLM, VllmServer, configuration, endpoint

pytestmark = NEEDS_VLLM

BASE, CRITIC = Path("weights/mini/generator"), Path("weights/mini/critic")
ADAPTER = "critic-adapter"
GREEDY = Sampling(temperature=0.0, max_tokens=256)
PROBLEM = (
    "You get a list of numbers. Do this: keep numbers less than 3; put 2 at the front. Answer with the range."
)
PROGRAMS = [
    f"def solve(xs):\n    xs = [x for x in xs if {condition}]\n    xs = {joined}\n"
    "    return max(xs, default=0) - min(xs, default=0)"
    for condition in ("x < 3", "x > 3", "x <= 3", "x % 2 == 0", "x < 0")
    for joined in ("[2] + xs", "xs + [2]")
]
RANK = 64
CRITIC_WAY, OTHER_WAY = 1.0, -1.0
"""How far an adapter leads from the base to the critic."""


@dataclass(frozen=True, slots=True)
class Adapters:
    """What leads from the shipped generator, the critic's base, to the critic, or away from it."""

    folder: Path

    def made(self, strength: float) -> Path:
        """Return an adapter's folder."""
        folder = self.folder / f"by-{strength}"
        return folder if folder.is_dir() else write_adapter(BASE, CRITIC, RANK, strength, folder)

    async def critiques(self, strength: float) -> list[str]:
        """Return what the embedded engine writes with the adapter merged."""
        merged = write_merged(BASE, self.made(strength), self.folder / f"merged-{strength}")
        async with EmbeddedModel.load("merged", merged) as model:
            critic, task = ChatCritic(model), Task(PROBLEM, entry_point="solve")
            drawn = [await critic.draw(task, Candidate(code), GREEDY, 1) for code in PROGRAMS]
        return [critiques[0].text for critiques, _ in drawn]


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> Adapters:
    return Adapters(tmp_path_factory.mktemp("adapters"))


@contextmanager
def gateway_of(generator: VllmServer, directory: Path) -> Generator[str, None, None]:
    """A gateway that asks one server in both roles: the base as generator, an adapter as critic."""
    models = {
        "generator": endpoint(generator),
        "critic": endpoint(generator, role="critic", model=ADAPTER),
    }
    with passing_stack(configuration(directory / "ctrl.toml", models)) as stack:
        yield stack.url


def critiques(gateway: str) -> Sequence[httpx.Response]:
    sampling = {"temperature": 0.0, "max_tokens": 256}
    asked: dict[str, Any] = {"problem": PROBLEM, "entry_point": "solve", "sampling": sampling}
    return [
        httpx.post(f"{gateway}/critique", json=asked | {"solution": code}, timeout=120) for code in PROGRAMS
    ]


def texts(gateway: str) -> list[str]:
    return [answer.json()["critique"]["text"] for answer in critiques(gateway)]


def load(server: VllmServer, folder: Path, **more: object) -> None:
    body = {"lora_name": ADAPTER, "lora_path": str(folder), **more}
    server.post("/v1/load_lora_adapter", body).raise_for_status()


@pytest.fixture
def unloaded(generator: VllmServer) -> Generator[VllmServer, None, None]:
    """The generator's server, on which a test may load the adapter."""
    yield generator
    generator.post("/v1/unload_lora_adapter", {"lora_name": ADAPTER})


async def test_a_critic_that_is_loaded_and_replaced_is_asked_without_a_restart(
    unloaded: VllmServer, adapters: Adapters, tmp_path: Path
) -> None:
    with gateway_of(unloaded, tmp_path) as gateway:
        missing = critiques(gateway)[0]
        load(unloaded, adapters.made(CRITIC_WAY))
        first = texts(gateway)
        load(unloaded, adapters.made(OTHER_WAY), load_inplace=True)
        second = texts(gateway)

    assert missing.status_code == 502, missing.text
    assert missing.json()["type"] == "/problems/critic-failed"
    assert first == await adapters.critiques(CRITIC_WAY)
    assert second == await adapters.critiques(OTHER_WAY)
    assert first != second
