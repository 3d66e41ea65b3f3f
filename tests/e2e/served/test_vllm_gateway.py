"""What clients ask of a gateway whose generator and critic are both a real vLLM's."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.adapters.embedded import EmbeddedModel
from service.domain.chat import Sampling
from service.domain.roles import ChatCritic
from service.domain.task import Candidate, Task
from tests.unit.api.world import events_of
from tests.vllm_server import NEEDS_VLLM, VllmServer

pytestmark = NEEDS_VLLM

PROBLEM = "Given a list of numbers: keep the even numbers. Give the sum."
WRONG = "def solve(xs):\n    xs = [x for x in xs if x % 2 == 1]\n    return sum(xs)"
RIGHT = "def solve(xs):\n    xs = [x for x in xs if x % 2 == 0]\n    return sum(xs)"
TASK: dict[str, Any] = {"problem": PROBLEM, "entry_point": "solve"}
TESTED = TASK | {"tests": [{"args": [[1, 2, 4]], "expected": 6}], "solution": WRONG}
LONG = (
    "Start from a list of numbers. First, remove 2 items from the front, next, limit every number to at most "
    "6, next, remove multiples of 4. The result is the smallest."
)
ENDLESS = {"problem": LONG, "entry_point": "solve", "candidates": 16, "rounds": 16, "stop": "never"}
PATIENCE_S = 120


def ask(gateway: str, path: str, body: object) -> dict[str, Any]:
    answer = httpx.post(gateway + path, json=body, timeout=120)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_program_is_refined(gateway: str) -> None:
    refinement = ask(gateway, "/refine", TESTED)

    assert refinement["stop_reason"] == "judged_correct", refinement
    assert refinement["tests_passed"] is True
    assert [each["critique"]["judgment"] for each in refinement["rounds"]] == ["incorrect", "correct"]
    assert {model["engine"] for model in refinement["models"].values()} == {"openai"}


def test_the_second_round_is_partly_read_from_the_prefix_cache(
    gateway: str, servers: dict[str, VllmServer]
) -> None:
    for server in servers.values():
        server.forget()

    refinement = ask(gateway, "/refine", ENDLESS | {"candidates": 1, "rounds": 1})

    first, second = (each["usage"]["cached_tokens"] for each in refinement["rounds"])
    assert first == 0
    assert second > 0
    assert refinement["usage"]["cached_tokens"] == second


async def test_a_judgments_score_is_the_probability_that_the_embedded_engine_gives(gateway: str) -> None:
    results = ask(gateway, "/judge", TASK | {"solutions": [RIGHT, WRONG]})["results"]

    greedy = Sampling(temperature=0.0, max_tokens=256)
    async with EmbeddedModel.load("embedded", Path("weights/mini/critic")) as model:
        critic, task = ChatCritic(model), Task(PROBLEM, entry_point="solve")
        here = [(await critic.draw(task, Candidate(code), greedy, 1))[0][0] for code in (RIGHT, WRONG)]
    assert [result["judgment"] for result in results] == ["correct", "incorrect"]
    assert [result["score"] for result in results] == pytest.approx([c.score for c in here], rel=1e-2)
    # A share of votes would be nothing at all.
    assert 0 < results[1]["score"] < 0.5


def test_votes_are_drawn_by_one_request(gateway: str, critic: VllmServer) -> None:
    requests, completions = _drawn(critic)

    asked = TASK | {"solutions": [WRONG], "votes": 8, "sampling": {"temperature": 1.0}}
    result = ask(gateway, "/judge", asked)["results"][0]

    assert sum(result["votes"].values()) == 8
    assert result["judgment"] == "incorrect"
    # A mean of probabilities, and no share of votes.
    assert 0 < result["score"] < 0.5
    assert result["score"] != result["votes"]["correct"] / 8
    assert _drawn(critic) == (requests + 1, completions + 8)


def _drawn(critic: VllmServer) -> tuple[float, float]:
    """Return how many requests were answered, and how many completions they asked for."""
    return critic.metric("vllm:request_params_n_count"), critic.metric("vllm:request_params_n_sum")


def test_a_refinement_is_streamed_as_vllm_writes_it(gateway: str) -> None:
    body = ENDLESS | {"candidates": 8, "rounds": 4, "stream": True}

    events = events_of(httpx.post(f"{gateway}/refine", json=body, timeout=PATIENCE_S).text)

    written: dict[tuple[int, int], list[str]] = {}
    for event in events:
        if event.name == "critique.delta":
            place = event.data["candidate"], event.data["round"]
            written.setdefault(place, []).append(event.data["delta"])
    critiques = [event.data for event in events if event.name == "critique.completed"]
    whole = {(each["candidate"], each["round"]): each["critique"]["text"] for each in critiques}
    # The critique of a program that comes again is known, and not written again.
    assert {place: "".join(deltas).strip() for place, deltas in written.items()}.items() <= whole.items()
    # A busy server sends several tokens at once, often all of so short a critique: but not of every one.
    assert any(len(deltas) > 1 for deltas in written.values())
    assert events[-1].name == "refinement.completed"


def running(servers: Mapping[str, VllmServer]) -> float:
    return sum(server.metric("vllm:num_requests_running") for server in servers.values())


def ended(servers: Mapping[str, VllmServer]) -> float:
    """Return how many completions were written to their end."""
    return sum(
        server.metric("vllm:request_success_total", finished_reason=reason)
        for server in servers.values()
        for reason in ("stop", "length")
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - other processes send no events
            await asyncio.sleep(0.02)


async def leave(gateway: str, servers: Mapping[str, VllmServer], path: str, body: object) -> None:
    """Ask for something, leave once vLLM is at work on it, and see vLLM become idle."""
    async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
        asking = asyncio.create_task(client.post(gateway + path, json=body))
        await until(lambda: running(servers) > 0)
        asking.cancel()
        await until(lambda: running(servers) == 0)
    assert asking.cancelled()


async def test_a_client_that_leaves_ends_the_completion_that_vllm_was_writing(
    gateway: str, servers: dict[str, VllmServer]
) -> None:
    before = ended(servers)
    messages = [{"role": "user", "content": PROBLEM}]
    unending = {"model": "generator", "messages": messages, "max_tokens": 900, "ignore_eos": True}

    await leave(gateway, servers, "/v1/chat/completions", unending)

    # Had it been written to its end, it would be counted.
    assert ended(servers) == before


async def test_a_client_that_leaves_ends_the_refinement_that_vllm_was_writing_for(
    gateway: str, servers: dict[str, VllmServer]
) -> None:
    await leave(gateway, servers, "/refine", ENDLESS)

    # Sixteen chains of sixteen rounds would go on for minutes.
    idle = ended(servers)
    await asyncio.sleep(1)
    assert ended(servers) == idle
    assert running(servers) == 0
