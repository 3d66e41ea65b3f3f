"""How a step's items are shared out among requests."""

import json
from typing import Any

import pytest

from service.rewards import batches as module
from service.rewards.batches import BATCH_BYTES, batches


def _items(*problems: str, chars: int = 1) -> list[dict[str, Any]]:
    return [{"problem": problem, "solution": "x" * chars, "n": n} for n, problem in enumerate(problems)]


def _numbers(found: list[list[str]]) -> list[list[int]]:
    return [[json.loads(text)["n"] for text in batch] for batch in found]


def test_order_is_kept_and_a_request_has_its_bound() -> None:
    items = _items(*"abcdef", chars=BATCH_BYTES // 3)

    found = list(batches(items, by_problem=False))

    assert _numbers(found) == [[0, 1], [2, 3], [4, 5]]
    assert all(sum(map(len, batch)) <= BATCH_BYTES for batch in found)


def test_an_item_beyond_the_bound_goes_alone() -> None:
    items = [*_items("a"), *_items("b", chars=BATCH_BYTES + 1), *_items("c")]

    assert [len(batch) for batch in batches(items, by_problem=False)] == [1, 1, 1]
    assert [len(batch) for batch in batches(items[1:], by_problem=False)] == [1, 1]


def test_no_items_are_no_request() -> None:
    assert list(batches([], by_problem=False)) == []


def test_programs_that_are_compared_stay_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 4)
    items = _items("a", "a", "a", "b", "b", "b", "c")

    assert _numbers(list(batches(items, by_problem=True))) == [[0, 1, 2], [3, 4, 5, 6]]
    assert _numbers(list(batches(items, by_problem=False))) == [[0, 1, 2, 3], [4, 5, 6]]
