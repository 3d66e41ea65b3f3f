"""Prompts begin with what they share: counted on a real refinement of eight candidates and three rounds."""

import json
from pathlib import Path

import pytest

from tests.prefix_reuse import Reuse, embedded, refined, reuse

SHIPPED = Path("weights/mini")
pytestmark = pytest.mark.skipif(
    not SHIPPED.joinpath("critic").is_dir(), reason="weights/mini: run `make train-mini`"
)


async def test_most_of_what_is_asked_was_read_before() -> None:
    row = json.loads(SHIPPED.joinpath("demo.jsonl").read_text(encoding="utf-8").splitlines()[0])
    heard = await refined(embedded(SHIPPED), row)

    counted = reuse(SHIPPED, heard)
    worst = reuse(SHIPPED, heard, all_differ=True)

    assert counted["generator"].calls == 32
    assert sum(counted.values(), Reuse(0, 0, 0)).share >= 0.6
    assert all(counted[role].share >= 0.6 for role in counted)
    # Even of programs that all differ, what stands before the program is shared.
    assert all(worst[role].share >= 0.25 for role in worst)
