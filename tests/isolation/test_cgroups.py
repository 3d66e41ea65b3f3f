"""A box's processes are counted in its own cgroup from its first moment, and nothing waits for that."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox_runner.jail import delegation, libc
from sandbox_runner.jail.cgroups import Cgroup, CgroupParent

MIB = 1 << 20


@pytest.fixture
def parent() -> Iterator[CgroupParent]:
    acquired = CgroupParent.acquire("")
    if acquired.missing is not None:
        pytest.skip(f"NO CGROUP TO WRITE IN: {acquired.missing}")
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


def test_a_directory_that_is_no_cgroup_is_named_and_left_as_it_was(tmp_path: Path) -> None:
    missing = CgroupParent.acquire(str(tmp_path)).missing
    assert missing is not None
    assert "cgroup.subtree_control" in missing
    assert list(tmp_path.iterdir()) == []


def test_a_process_is_in_its_leaf_of_every_hierarchy(leaf: Cgroup) -> None:
    groups = [""] if leaf.unified else ["memory", "pids"]
    assert [line for line in _groups_of_child(leaf) if line.split(":")[1] in groups] != []
    for line in _groups_of_child(leaf):
        _, controllers, path = line.split(":", 2)
        assert (Path(path).name == leaf.name) == (controllers in groups), line


def test_the_sum_of_what_processes_fill_is_bounded_and_counted(leaf: Cgroup) -> None:
    def fill() -> None:
        filled = bytearray(b"x") * (60 * MIB)
        time.sleep(0.5 if filled else 0)

    started = [_start(leaf, fill) for _ in range(2)]
    assert 9 in [os.waitpid(pid, 0)[1] for pid in started]
    assert leaf.oom_kills() > 0


def test_what_a_living_launcher_has_is_not_swept_by_the_next(parent: CgroupParent) -> None:
    pid = os.fork()
    if pid == 0:
        CgroupParent.acquire("").remove()
        os._exit(0)
    os.waitpid(pid, 0)

    assert parent.make("box-1", 64 * MIB, 8).remove() == 0


def test_where_one_hierarchy_refuses_nothing_is_left_in_the_other() -> None:
    directories = delegation.find("").directories
    own = [Path(directory, f"ctrl-sandbox-{os.getpid()}") for directory in directories]
    if len(own) < 2 or not os.access(directories[1], os.W_OK):
        pytest.skip("NO CGROUPS OF VERSION 1 TO WRITE IN")
    own[1].mkdir()
    taken = os.open(own[1], os.O_RDONLY)
    fcntl.flock(taken, fcntl.LOCK_EX)
    try:
        missing = CgroupParent.acquire("").missing
        assert missing is not None
        assert "File exists" in missing
        assert not own[0].exists()
    finally:
        os.close(taken)
        own[1].rmdir()


def test_of_a_leaf_that_cannot_be_bounded_nothing_is_left(parent: CgroupParent) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        parent.make("box-1", 64 * MIB, -1)

    for descriptor in parent.descriptors:
        assert "box-1" not in os.listdir(descriptor)  # noqa: PTH208


def test_nothing_is_swapped_out_to_stay_within_the_limit(leaf: Cgroup) -> None:
    """What lies on a disk is counted by neither limit, and a program that waits for it looks slow."""
    name = "memory.swap.max" if leaf.unified else "memory.swappiness"
    found = Path(f"/proc/self/fd/{leaf.parents[0]}/{leaf.name}/{name}")
    if not found.exists():
        pytest.skip(f"NO SWAP ACCOUNTING: {name} is missing")

    assert found.read_text().strip() == "0"


def test_tasks_are_bounded(leaf: Cgroup) -> None:
    def fork() -> None:
        for _ in range(9):
            if os.fork() == 0:
                time.sleep(0.5)
                os._exit(0)

    assert os.waitstatus_to_exitcode(os.waitpid(_start(leaf, fork), 0)[1]) == 1
    time.sleep(1)  # the leaf goes when it is empty


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
    pid = _start(leaf, lambda: time.sleep(30))
    try:
        return _settled(pid, leaf)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def _start(leaf: Cgroup, action: Callable[[], None]) -> int:
    """Start a process in the leaf; it ends with 1 if the action fails."""
    nursery = leaf.open()
    pid = libc.fork_into(0, nursery)
    if pid == 0:
        with suppress(BaseException):
            leaf.enter()
            action()
            os._exit(0)
        os._exit(1)
    if nursery is not None:
        os.close(nursery)
    return pid


def _settled(pid: int, leaf: Cgroup) -> list[str]:
    lines: list[str] = []
    for _ in range(1000):
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        if sum(line.endswith(f"/{leaf.name}") for line in lines) == len(leaf.parents):
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
