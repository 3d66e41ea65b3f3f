"""The shipped critic on a real vLLM: the tokens, critiques and scores that the embedded engine gives."""

import asyncio
import json
import random
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from service.adapters.embedded import EmbeddedModel
from service.adapters.embedded.text import load_text
from service.adapters.openai import OpenAIModel
from service.domain.chat import ChatModel, Sampling
from service.domain.critique import Critique
from service.domain.roles import ChatCritic
from service.domain.task import Candidate, Task
from service.domain.templates import CRITIC_TEMPLATE
from tests.command import ctrl
from training.tasks.mini import Split, problems
from training.tasks.slips import with_slips

PYTHON = Path(".venv-vllm/bin/python")
CRITIC = Path("weights/mini/critic")
GENERATOR = Path("weights/mini/generator").resolve()
START_S = 300

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.timeout(2 * START_S),
    pytest.mark.skipif(not PYTHON.is_file(), reason="NO VLLM: `make vllm` installs one (2.5 GB, 4 minutes)"),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A vLLM of our own that serves the shipped critic on a free port of the loopback."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = ["VLLM_CPU_KVCACHE_SPACE=1", "VLLM_NO_USAGE_STATS=1", "HF_HUB_OFFLINE=1"]
    serve = [str(PYTHON), "-m", "vllm.entrypoints.openai.api_server", "--model", str(CRITIC)]
    where = ["--served-model-name", "critic", "--host", "127.0.0.1", "--port", str(port)]
    how = ["--dtype", "float32", "--max-model-len", "1024", "--enforce-eager", "--enable-prefix-caching"]
    with subprocess.Popen(["/usr/bin/env", *settings, *serve, *where, *how]) as process:
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def wait_until_healthy(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(START_S):
        try:
            if httpx.get(f"{url}/health", timeout=1).is_success:
                return
        except httpx.TransportError:
            pass
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"vLLM ended with status {process.returncode} before it was healthy")
    pytest.fail(f"vLLM was not healthy within {START_S} s")


def candidates(count: int) -> list[tuple[Task, Candidate]]:
    """Unseen problems, every other one with a program that has a slip."""
    rng = random.Random(11)
    return [
        (
            problem.task,
            Candidate(with_slips(rng, problem.reference, index % 2, problem.inputs).code()),
        )
        for index, problem in enumerate(problems(Split.TEST, 11, count))
    ]


async def critiques(model: ChatModel, count: int) -> list[Critique]:
    critic = ChatCritic(model)
    greedy = Sampling(temperature=0.0, max_tokens=256)
    async with asyncio.TaskGroup() as group:
        drawn = [group.create_task(critic.draw(*pair, greedy, 1)) for pair in candidates(count)]
    return [task.result()[0][0] for task in drawn]


def test_vllm_reads_a_prompt_as_the_tokens_that_training_used(url: str) -> None:
    text = load_text(CRITIC)
    for task, candidate in candidates(30):
        messages = CRITIC_TEMPLATE.request(task, candidate)
        turns = [{"role": message.role, "content": message.content} for message in messages]
        answer = httpx.post(f"{url}/tokenize", json={"model": "critic", "messages": turns}, timeout=60)
        assert answer.json()["tokens"] == text.prompt(messages, 1024)


async def test_vllm_and_the_embedded_engine_give_one_critique_and_one_score(url: str) -> None:
    async with EmbeddedModel.load("embedded", CRITIC) as embedded:
        here = await critiques(embedded, 30)
    async with OpenAIModel("vllm", f"{url}/v1", "critic") as vllm:
        there = await critiques(vllm, 30)

    assert [critique.text for critique in there] == [critique.text for critique in here]
    assert [critique.score for critique in there] == pytest.approx([c.score for c in here], abs=1e-3)
    assert {critique.judgment for critique in there} == {"correct", "incorrect"}


async def test_a_program_is_refined_with_its_critic_on_vllm(url: str, tmp_path: Path) -> None:
    (tmp_path / "ctrl.toml").write_text(
        f"""
models.critic = {{ engine = "openai", base_url = "{url}/v1", model = "critic", role = "critic" }}
models.local = {{ engine = "embedded", path = "{GENERATOR}" }}
defaults = {{ generator = "local", critic = "critic" }}
""",
        encoding="utf-8",
    )
    request = {
        "problem": "Given a list of numbers: keep the even numbers. Give the sum.",
        "solution": "def solve(xs):\n    xs = [x for x in xs if x % 2 == 1]\n    return sum(xs)",
        "entry_point": "solve",
        "tests": [{"args": [[1, 2, 4]], "expected": 6}],
        "sampling": {"temperature": 0.0},
    }
    (tmp_path / "request.json").write_text(json.dumps(request), encoding="utf-8")

    run = await asyncio.to_thread(
        ctrl, "refine", str(tmp_path / "request.json"), "--config", str(tmp_path / "ctrl.toml"), "--json"
    )

    refinement = json.loads(run.stdout)
    assert refinement["stop_reason"] == "judged_correct", refinement
    assert refinement["tests_passed"] is True
    assert [round_["critique"]["judgment"] for round_ in refinement["rounds"]] == ["incorrect", "correct"]
