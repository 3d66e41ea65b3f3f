"""What other trainers' many calls of one process share."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from service.domain.parsing import parse_critique
from service.domain.task import Candidate
from tests.fakes import INCORRECT, TESTED
from tests.recording_sandbox import recording_sandbox
from tests.unit.training.rewards.test_foreign_trainers import TASK
from training.config import EndpointConfig
from training.rewards import openrlhf, verl
from training.rewards.outcome import Outcome, Submission
from training.rewards.parts import Parts
from training.rewards.truth import dump_truth

TRUTH = dump_truth(TASK, "pass", right=False)


@dataclass(eq=False)
class FewAtOnce:
    """Parts that pass every critique after a moment, and count."""

    concurrency: int = 3
    times_opened: int = 0
    seen: list[str] = field(default_factory=list)
    now: int = 0
    most: int = 0

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["FewAtOnce", None]:
        self.times_opened += 1
        yield self

    async def outcome(self, submission: Submission) -> Outcome:
        self.seen.append(submission.text)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01)
        self.now -= 1
        return Outcome(parse_critique(submission.text), passed=True)


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> FewAtOnce:
    shared = FewAtOnce()
    for trainer in (verl, openrlhf):
        monkeypatch.setattr(trainer, "parts_from_environment", lambda: shared)
    return shared


async def _scores(texts: list[str]) -> list[float]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(verl.compute_score("mini", text, TRUTH)) for text in texts]
    return [task.result()["score"] for task in tasks]


def test_all_calls_of_a_process_share_one_bound_and_one_memory(parts: FewAtOnce) -> None:
    texts = [f"{INCORRECT} {n}" for n in range(12)]

    assert asyncio.run(_scores(texts)) == [1.0] * 12
    assert asyncio.run(_scores(texts)) == [1.0] * 12
    rewards = openrlhf.reward_func([f"ask{text}" for text in texts], ["ask"] * 12, [TRUTH] * 12)["rewards"]

    assert rewards == [1.0] * 12
    assert (parts.times_opened, len(parts.seen), parts.most) == (1, 12, 3)


def test_one_who_stops_waiting_takes_nothing_from_the_others(parts: FewAtOnce) -> None:
    async def impatient() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await verl.compute_score("mini", INCORRECT, TRUTH)
        return (await verl.compute_score("mini", INCORRECT, TRUTH))["score"]

    assert asyncio.run(impatient()) == 1.0
    assert parts.seen == [INCORRECT]


def test_as_many_programs_are_judged_at_once_as_the_bound_allows() -> None:
    count = 40
    endpoint = EndpointConfig(base_url="http://127.0.0.1:9/v1", model="m")

    async def judged(url: str) -> list[bool]:
        async with Parts(endpoint, url, 10, count).opened() as reviser, asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(
                    reviser.sandbox.judge(TESTED, Candidate(f"x = {n}"), stop_on_first_fail=True, cpu_s=None)
                )
                for n in range(count)
            ]
        return [task.result().accepted for task in tasks]

    with recording_sandbox() as sandbox:
        sandbox.together = threading.Barrier(count)
        assert asyncio.run(judged(sandbox.url)) == [True] * count
