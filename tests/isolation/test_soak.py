"""A short soak; `python -m benchmarks.soak` is the long one."""

import pytest

from tests.isolation.bait import Bait
from tests.isolation.conftest import Arena
from tests.isolation.soaking import growth, soak

pytestmark = pytest.mark.isolation


@pytest.mark.asyncio(loop_scope="session")
async def test_three_hundred_mixed_runs_leave_nothing_and_memory_is_flat(arena: Arena, bait: Bait) -> None:
    shown: list[int] = []

    seen = await soak(arena, bait, 300, shown.append)

    assert seen.outcomes.total() == 300
    assert seen.unexpected == []
    assert seen.left == []
    assert seen.service_growth_bytes < 8 << 20, seen.service_bytes
    assert seen.launcher_growth_bytes < 8 << 20, seen.launcher_bytes


def test_a_leak_would_show_and_a_warm_up_would_not() -> None:
    leaking = [n << 20 for n in range(50)]
    warming = [min(n, 10) << 20 for n in range(50)]

    assert growth(leaking) == pytest.approx(34 << 20)
    assert growth(warming) == pytest.approx(0)
