import gc
from collections.abc import Iterator
from types import ModuleType

import pytest

import sandbox_runner.garbage
from service.cli import garbage

_EACH = pytest.mark.parametrize("of", [garbage, sandbox_runner.garbage], ids=["gateway", "sandbox"])


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)


@_EACH
def test_what_was_loaded_is_not_looked_at_again_and_what_comes_is(of: ModuleType) -> None:
    loaded: list[object] = []
    of.settle()
    come: list[object] = []

    looked_at = {id(value) for value in gc.get_objects()}
    assert id(loaded) not in looked_at
    assert id(come) in looked_at
    assert gc.isenabled()


@_EACH
def test_circles_that_nobody_holds_are_still_found(of: ModuleType) -> None:
    of.settle()
    most = 4 * of.THRESHOLDS[0]

    for _ in range(most):
        circle: list[object] = []
        circle.append(circle)

    assert gc.get_count()[0] <= of.THRESHOLDS[0]
    assert len(gc.get_objects()) < most


def test_what_is_in_flight_is_no_reason_to_look() -> None:
    garbage.settle()
    garbage.allow_for(100)
    before = gc.get_stats()[0]["collections"]

    held = [[number] for number in range(garbage.THRESHOLDS[0] + 10_000)]

    assert gc.get_stats()[0]["collections"] == before
    garbage.allow_for(0)
    held += [[number] for number in range(1_000)]
    assert gc.get_stats()[0]["collections"] > before
