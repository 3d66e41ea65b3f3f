"""Every program of the corpus, at each tier of this machine: its verdict, and nothing left behind."""

import pytest

from tests.isolation.bait import Bait
from tests.isolation.conftest import Arena
from tests.isolation.corpus.attack import Attack
from tests.isolation.corpus.every import EVERY
from tests.isolation.running import contain

pytestmark = pytest.mark.isolation


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("attack", EVERY, ids=lambda attack: attack.label)
@pytest.mark.parametrize("tests", [1, 2], ids=["alone", "with another"])
async def test_an_attack_is_contained(arena: Arena, bait: Bait, attack: Attack, tests: int) -> None:
    """In a box of one test and in one that forks several: what confines them is put up in another order."""
    if attack.needs_namespaces and not arena.isolated:
        pytest.skip("needs namespaces: without them a program may not fork at all")

    contained = await contain(arena, attack, bait, tests=tests)

    assert contained.faults == (), contained.result


def test_no_two_attacks_have_the_same_name() -> None:
    labels = [attack.label for attack in EVERY]

    assert sorted(set(labels)) == sorted(labels)
