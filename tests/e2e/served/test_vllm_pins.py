"""A gateway whose manifest is not that of the weights that vLLM serves."""

import json
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from service.adapters.manifest import pin_of
from service.cli.stack import passing_stack
from tests.vllm_server import NEEDS_VLLM, VllmServer, configuration, endpoint

pytestmark = NEEDS_VLLM

SHIPPED = Path("weights/mini").resolve()
TASK = {
    "problem": "Give the sum of a list.",
    "entry_point": "solve",
    "solution": "def solve(xs):\n    return 0",
}


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of a critic that was trained a little otherwise."""
    manifest = json.loads(SHIPPED.joinpath("critic/critic.json").read_text(encoding="utf-8"))
    path = tmp_path_factory.mktemp("other") / "critic.json"
    path.write_text(json.dumps(manifest | {"commit": "another"}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def gateway(
    servers: dict[str, VllmServer], other: Path, tmp_path_factory: pytest.TempPathFactory
) -> Generator[str, None, None]:
    models = {
        "generator": endpoint(servers["generator"]),
        "critic": endpoint(servers["critic"], manifest=str(other), pinned=True),
    }
    with passing_stack(configuration(tmp_path_factory.mktemp("gateway") / "ctrl.toml", models)) as stack:
        yield stack.url


@pytest.mark.parametrize("path", ["/refine", "/critique"])
def test_vllm_refuses_who_asks_for_other_weights(path: str, gateway: str, other: Path) -> None:
    answer = httpx.post(gateway + path, json=TASK, timeout=60)

    assert answer.status_code == 502
    assert answer.json()["type"] == "/problems/critic-failed"
    assert f"critic@{pin_of(other)}" in answer.json()["detail"]


def test_a_judgment_by_other_weights_is_an_error_and_no_score(gateway: str) -> None:
    asked = {"problem": TASK["problem"], "solutions": [TASK["solution"]]}
    answer = httpx.post(f"{gateway}/judge", json=asked, timeout=60)

    result = answer.json()["results"][0]
    assert (result["status"], result["score"], result["judgment"]) == ("error", None, None)
    assert result["error"]["type"] == "/problems/critic-failed"


def test_readiness_names_the_weights_that_are_there(gateway: str, other: Path) -> None:
    answer = httpx.get(f"{gateway}/ready", timeout=60)

    assert answer.status_code == 503
    assert answer.json()["parts"]["critic"]["ready"] is False
    said = json.dumps(answer.json()["parts"]["critic"])
    assert f"critic@{pin_of(other)} is asked for" in said
    assert f"critic@{pin_of(SHIPPED / 'critic/critic.json')}" in said
