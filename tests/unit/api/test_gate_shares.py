"""A tenant that floods the gate does not keep the others out."""

import asyncio
import random
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack, contextmanager

import pytest

from service.adapters.metrics import Metrics
from service.caller import asking
from service.domain.errors import OverloadedError, QuotaError
from service.domain.identity import Identity, Quota
from service.gate import WANTING_S, Gate
from tests.clock import Clock


class Places:
    """What tenants hold of a gate, in the order in which they got it."""

    def __init__(self, limit: int):
        self.clock = Clock()
        self.gate = Gate(limit, Metrics(), self.clock)
        self.held: list[tuple[str, ExitStack]] = []

    def ask(self, tenant: str, quota: Quota | None = None) -> bool:
        """Try to get a place."""
        place = ExitStack()
        with asking(_identity(tenant, quota)):
            try:
                place.enter_context(self.gate.admit())
            except OverloadedError:
                return False
        self.held.append((tenant, place))
        return True

    def end(self, tenant: str) -> None:
        """End the tenant's oldest request."""
        index = next(index for index, (name, _) in enumerate(self.held) if name == tenant)
        self.held.pop(index)[1].close()

    def count(self, tenant: str) -> int:
        return Counter(name for name, _ in self.held)[tenant]


def _identity(tenant: str, quota: Quota | None = None) -> Identity:
    return Identity(tenant, frozenset(), quota=quota or Quota())


@contextmanager
def _as(tenant: str) -> Generator[None, None, None]:
    with asking(_identity(tenant)):
        yield


def _flooded(limit: int) -> Places:
    places = Places(limit)
    while places.ask("flood"):
        pass
    assert places.count("flood") == limit
    return places


def test_alone_a_tenant_may_have_every_place() -> None:
    _flooded(8)


def test_the_first_place_that_comes_free_is_for_who_was_turned_away() -> None:
    places = _flooded(8)
    assert not places.ask("trickle")

    places.end("flood")

    assert not places.ask("flood")
    assert places.ask("trickle")


def test_both_end_up_with_their_share() -> None:
    places = _flooded(8)
    for _ in range(20):
        places.ask("trickle")
        places.end("flood")
        places.ask("flood")
        places.ask("trickle")

    assert (places.count("flood"), places.count("trickle")) == (4, 4)


def test_with_more_tenants_than_places_each_may_claim_one() -> None:
    places = _flooded(2)
    assert not places.ask("one")
    assert not places.ask("other")
    places.end("flood")

    assert [places.ask(tenant) for tenant in ("flood", "one")] == [False, True]


def test_who_was_turned_away_and_came_back_wants_nothing_more() -> None:
    places = _flooded(4)
    assert not places.ask("late")
    for _ in range(3):
        places.end("flood")

    assert [places.ask(tenant) for tenant in ("late", "flood", "flood")] == [True] * 3


def test_a_share_is_anyones_once_nobody_wants_it() -> None:
    places = _flooded(8)
    assert not places.ask("trickle")
    places.end("flood")
    assert not places.ask("flood")

    places.clock.now += WANTING_S

    assert places.ask("flood")


def test_who_has_their_share_keeps_nobody_from_more() -> None:
    places = Places(5)
    for tenant in ("a", "a", "b", "b"):
        assert places.ask(tenant)

    assert places.ask("a")
    assert not places.ask("b")
    places.end("a")
    assert places.ask("b")


@pytest.mark.parametrize("seed", range(20))
def test_a_trickle_is_admitted_at_the_next_end_whatever_the_flood_does(seed: int) -> None:
    draw, places = random.Random(seed), _flooded(draw_limit := 4 + seed % 5)
    for _ in range(200):
        waits = not places.ask("trickle")
        for _ in range(draw.randrange(10)):
            places.ask("flood")
        if waits:
            places.end("flood")
            for _ in range(draw.randrange(1, 10)):
                assert places.gate.inflight < draw_limit
                assert not places.ask("flood")
            places.clock.now += draw.random() * WANTING_S * 0.9
            assert places.ask("trickle")
        places.end("trickle")


async def test_a_flood_that_waits_in_the_queue_lets_others_by() -> None:
    places, order = Places(4), list[str]()
    gate = places.gate

    async def work(tenant: str) -> None:
        with _as(tenant):
            async with gate.queue(30):
                order.append(tenant)
                await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for _ in range(400):
            group.create_task(work("flood"))
        await asyncio.sleep(0)
        for _ in range(10):
            group.create_task(work("trickle"))

    assert order.index("trickle") <= 8
    assert max(index for index, tenant in enumerate(order) if tenant == "trickle") < 60
    assert (len(order), gate.inflight) == (410, 0)


async def test_a_place_kept_for_another_is_given_away_when_they_do_not_come_back() -> None:
    places = Places(2)
    gate, order, done = places.gate, list[str](), asyncio.Event()

    async def work() -> None:
        with _as("flood"):
            async with gate.queue(30):
                order.append("flood")
                await done.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(work())
        await asyncio.sleep(0)
        assert not places.ask("trickle")
        done.set()

    assert (len(order), gate.inflight) == (4, 0)


def test_a_tenants_own_bound_is_its_own_fault_and_leaves_the_rest_to_others() -> None:
    places, quota = Places(4), Quota(max_inflight=2)
    assert places.ask("bounded", quota)
    assert places.ask("bounded", quota)

    with pytest.raises(QuotaError, match="2 requests of yours"):
        places.ask("bounded", quota)

    assert places.ask("other")
    assert places.ask("other")
    places.end("bounded")
    assert places.ask("bounded", quota)


async def test_who_queues_waits_below_its_own_bound() -> None:
    gate, most = Gate(4, Metrics()), 0

    async def work() -> None:
        nonlocal most
        with asking(_identity("bounded", Quota(max_inflight=2))):
            async with gate.queue(30):
                most = max(most, gate.inflight)
                await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(work())

    assert (most, gate.inflight) == (2, 0)
