"""A box's processes are counted in its own cgroup from its first moment, and nothing waits for that."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox_runner.jail import libc
from sandbox_runner.jail.cgroups import Cgroup, CgroupParent

MIB = 1 << 20


@pytest.fixture
def parent() -> Iterator[CgroupParent]:
    acquired = CgroupParent.acquire("")
    if acquired.missing is not None:
        pytest.skip(f"NO CGROUP V1 TO WRITE IN: {acquired.missing}")
    try:
        yield acquired
    finally:
        acquired.remove()


@pytest.fixture
def leaf(parent: CgroupParent) -> Iterator[Cgroup]:
    made = parent.make("box-1", 64 * MIB, 8)
    yield made
    assert made.remove() == 0


@pytest.fixture
def unified() -> Iterator[Path]:
    """A version 2 directory of our own; its controllers may all be in use elsewhere."""
    roots = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines() if " cgroup2 " in line]
    if not roots:
        pytest.skip("NO CGROUP V2: mount one, for example on /sys/fs/cgroup/unified")
    made = Path(roots[0]) / f"ctrl-test-{os.getpid()}"
    try:
        made.mkdir()
    except OSError as error:
        pytest.skip(f"NO CGROUP V2 TO WRITE IN: {error}")
    yield made
    made.rmdir()


def test_a_process_that_enters_is_in_every_hierarchy(leaf: Cgroup) -> None:
    groups = ["memory", "pids"]
    assert [line for line in _groups_of_child(leaf) if line.split(":")[1] in groups] != []
    for line in _groups_of_child(leaf):
        _, controllers, path = line.split(":", 2)
        assert (Path(path).name == leaf.name) == (controllers in groups), line


def test_a_box_is_not_made_to_wait_for_the_rest_of_the_machine(leaf: Cgroup) -> None:
    """A move from outside would: it takes a lock on every fork, and sleeps until all have seen it."""
    sleeps = []
    for _ in range(10):
        time.sleep(0.05)  # soon after another one, nobody waits
        sleeps.append(_sleeps_of(leaf.enter))
    assert sorted(sleeps)[5] == 0


def test_a_process_is_born_into_a_version_2_group(unified: Path) -> None:
    group = Cgroup(unified.name, (os.open(unified.parent, os.O_DIRECTORY | os.O_CLOEXEC),), unified=True)
    nursery = group.open()
    assert nursery is not None
    try:
        for namespaces in (0, libc.CLONE_NEWPID | libc.CLONE_NEWCGROUP if os.geteuid() == 0 else 0):
            pid = libc.fork_into(namespaces, nursery)
            if pid == 0:
                time.sleep(30)
                os._exit(0)
            try:
                assert (unified / "cgroup.procs").read_text().split() == [str(pid)]
            finally:
                os.kill(pid, 9)
                os.waitpid(pid, 0)
    finally:
        os.close(nursery)
        os.close(group.parents[0])


def _groups_of_child(leaf: Cgroup) -> list[str]:
    pid = os.fork()
    if pid == 0:
        leaf.enter()
        time.sleep(30)
        os._exit(0)
    try:
        return _settled(pid, leaf.name)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def _settled(pid: int, name: str) -> list[str]:
    lines: list[str] = []
    for _ in range(1000):
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        if sum(line.endswith(f"/{name}") for line in lines) == 2:
            break
        time.sleep(0.01)
    return lines


def _sleeps_of(enter: Callable[[], None]) -> int:
    """How often a child gave up its CPU by itself while it entered."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        before = _voluntary_switches()
        enter()
        os.write(writing, bytes([min(255, _voluntary_switches() - before)]))
        os._exit(0)
    os.waitpid(pid, 0)
    counted = os.read(reading, 1)[0]
    os.close(reading)
    os.close(writing)
    return counted


def _voluntary_switches() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("nonvoluntary")[0].rsplit("voluntary_ctxt_switches:", 1)[1].split()[0])
