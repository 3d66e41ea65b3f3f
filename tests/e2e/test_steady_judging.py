"""The same request gives the same reward: again, and in whatever company."""

import json
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from service.adapters.configured import open_model
from service.adapters.metrics import Metrics
from service.settings import EmbeddedModelSettings
from tests.unit.api.world import World, client_of

SHIPPED = Path("weights/mini")
pytestmark = pytest.mark.skipif(
    not SHIPPED.joinpath("critic").is_dir(), reason="weights/mini: run `make train-mini`"
)

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def quiet() -> Generator[None, None, None]:
    """Keep the log out of the report."""
    with structlog.testing.capture_logs():
        yield


@asynccontextmanager
async def _shipped() -> AsyncGenerator[httpx.AsyncClient, None]:
    """A gateway whose critic is the shipped one."""
    settings = EmbeddedModelSettings(engine="embedded", path=SHIPPED / "critic")
    async with open_model("shipped", settings) as model:
        world = World(others={"shipped": model.served_critic(Metrics())})
        async with client_of(world.app()) as client:
            yield client


def _items(count: int) -> list[Json]:
    """Different programs: each problem's own, then those of the problem beside it."""
    lines = SHIPPED.joinpath("demo.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    pairs = [(row, rows[(number + shift) % len(rows)]) for shift in (0, 1) for number, row in enumerate(rows)]
    return [
        {"problem": row["problem"], "entry_point": row["entry_point"], "solution": other["reference"]}
        for row, other in pairs[:count]
    ]


async def _judged(client: httpx.AsyncClient, items: list[Json], **options: Any) -> list[Json]:
    response = await client.post("/judge", json={"items": items, "critic": "shipped", **options})
    results: list[Json] = response.json()["results"]
    return results


@pytest.mark.parametrize("options", [{}, {"votes": 3, "sampling": {"temperature": 0.7}}])
async def test_a_program_judged_twenty_times_has_one_score(options: Json) -> None:
    async with _shipped() as client:
        (first,) = await _judged(client, _items(1), **options)
        others = [await _judged(client, _items(1), **options) for _ in range(19)]

    assert first["status"] == "ok"
    assert all(other == [first] for other in others)


async def test_a_program_has_the_same_score_alone_and_among_sixty_four() -> None:
    items = _items(64)
    async with _shipped() as client:
        together = await _judged(client, items)
        alone = [(await _judged(client, [item]))[0] for item in items[::8]]

    assert together[::8] == alone
    assert {result["judgment"] for result in together} == {"correct", "incorrect"}
    assert len({result["score"] for result in together}) > 16
