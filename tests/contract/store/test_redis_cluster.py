"""A Redis Cluster holds a whole store in one slot, or nothing: the jobs of one prefix cannot be spread."""

import time
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from service.cli.stack import free_port
from service.domain.errors import StoreError
from service.store import Batch, JobStatus
from tests.contract.store.conftest import Opening
from tests.contract.store.jobs import DONE, entries, job
from tests.redis_server import RedisServer, redis_server


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[RedisServer, None, None]:
    """One node that has every slot; where keys may not be mixed is the same with many."""
    directory = tmp_path_factory.mktemp("cluster")
    # By default the nodes' own port is 10,000 above the clients', which may be beyond the last one.
    options = {"cluster-enabled": "yes", "cluster-port": str(free_port())}
    with redis_server(directory, **options) as server:
        assert server.say("CLUSTER ADDSLOTSRANGE 0 16383").startswith(b"+OK")
        deadline = time.monotonic() + 30
        while b"cluster_state:ok" not in server.say("CLUSTER INFO"):
            assert time.monotonic() < deadline, "the cluster did not come up"
            time.sleep(0.05)
        yield server


@pytest.fixture
async def opening(cluster: RedisServer, tmp_path: Path) -> AsyncGenerator[Opening, None]:
    async with AsyncExitStack() as stack:
        yield Opening(cluster.url, f"{tmp_path.name}:", stack)


async def test_with_a_hash_tag_a_job_lives_from_its_queue_to_its_end(opening: Opening) -> None:
    store = await opening(prefix="{ctrl}:")
    new = job()

    await store.create(new, entries(1, 1))
    lease = await store.take()
    assert lease is not None
    await store.write(lease, Batch(entries(2, 3), {"0:0": "{}"}, DONE))

    found = await store.job(new.id)
    assert found is not None
    assert found.status is JobStatus.COMPLETED
    assert found.rounds == {"0:0": "{}"}


async def test_without_a_hash_tag_nothing_is_kept(opening: Opening) -> None:
    store = await opening(prefix="ctrl:")

    with pytest.raises(StoreError):
        await store.create(job())


async def test_all_keys_of_a_prefix_are_in_one_slot(opening: Opening, cluster: RedisServer) -> None:
    store = await opening(prefix="{ctrl}:")
    slot = int(cluster.say("CLUSTER KEYSLOT ctrl").removeprefix(b":"))
    for _ in range(3):
        await store.create(job(), entries(1, 1))

    in_slot = int(cluster.say(f"CLUSTER COUNTKEYSINSLOT {slot}").removeprefix(b":"))

    assert in_slot == int(cluster.say("DBSIZE").removeprefix(b":")) > 3
