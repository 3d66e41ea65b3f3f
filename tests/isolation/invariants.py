"""What a hostile program must not leave behind, counted before and after."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox_runner.boxes.launcher import Launcher

# Attacks name their files and processes so, that those of others on this machine are not taken for theirs.
_FILE_MARK = "attack"
_PROCESS_MARK = "attack-orphan"
_FIRST_BOX_UID = 2_000_000_000
_SHARED_PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock", "/", "/dev", "/etc", "/usr")


@dataclass(frozen=True, slots=True)
class Traces:
    """All that outlives a process."""

    processes: frozenset[int]
    cgroups: frozenset[str]
    own_mounts: str
    launcher_mounts: str
    network_namespaces: frozenset[str]
    files: frozenset[str]
    own_descriptors: int
    launcher_descriptors: int

    @classmethod
    def of(cls, launcher: Launcher) -> "Traces":
        family = {os.getpid(), launcher.pid, *descendants_of(launcher.pid)}
        return cls(
            processes=frozenset(descendants_of(launcher.pid)) | frozenset(processes_named(_PROCESS_MARK)),
            cgroups=frozenset(_cgroups(launcher.pid)),
            own_mounts=_mounts("self"),
            launcher_mounts=_mounts(str(launcher.pid)),
            network_namespaces=frozenset(_link(f"/proc/{pid}/ns/net") for pid in family),
            files=frozenset(_files()),
            own_descriptors=len(os.listdir("/proc/self/fd")),  # noqa: PTH208
            launcher_descriptors=len(os.listdir(f"/proc/{launcher.pid}/fd")),  # noqa: PTH208
        )

    def differences(self, before: "Traces") -> list[str]:
        """Empty when all is as it was."""
        return [
            f"{name}: {getattr(before, name)} -> {getattr(self, name)}"
            for name in self.__slots__
            if getattr(self, name) != getattr(before, name)
        ]


def processes_named(name: str) -> list[int]:
    """Living processes of the whole machine that gave themselves this name."""
    return [
        pid for pid, fields in _processes() if fields["Name"] == name and not fields["State"].startswith("Z")
    ]


def children_of(parent: int) -> list[int]:
    return [pid for pid, fields in _processes() if int(fields["PPid"]) == parent]


def descendants_of(ancestor: int) -> list[int]:
    found = children_of(ancestor)
    return found + [below for child in found for below in descendants_of(child)]


def cgroups_named(launcher: int) -> list[Path]:
    name = f"ctrl-sandbox-{launcher}"
    # Other sandboxes' boxes come and go meanwhile: `walk` passes over what has vanished, `rglob` does not.
    return [Path(folder, name) for folder, below, _ in os.walk("/sys/fs/cgroup") if name in below]


def _processes() -> Iterator[tuple[int, dict[str, str]]]:
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            lines = (directory / "status").read_text().splitlines()
        except OSError:
            continue
        rows = (line.partition(":") for line in lines)
        yield int(directory.name), {key: value.strip() for key, _, value in rows}


def _cgroups(launcher: int) -> Iterator[str]:
    for directory in cgroups_named(launcher):
        yield from (leaf.name for leaf in directory.glob("box-*"))


def _mounts(process: str) -> str:
    """Other programs of this machine may mount things of their own, where the process shares its mounts."""
    lines = Path(f"/proc/{process}/mounts").read_text().splitlines()
    private = _link(f"/proc/{process}/ns/mnt") != _link("/proc/self/ns/mnt")
    return "\n".join(line for line in lines if private or line.split()[0] in {"box", "scratch", "build"})


def _files() -> Iterator[str]:
    for place in _SHARED_PLACES:
        try:
            entries = list(os.scandir(place))
        except OSError:
            continue
        yield from (entry.path for entry in entries if _is_of_a_box(entry))


def _is_of_a_box(entry: os.DirEntry[str]) -> bool:
    try:
        owner = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    from_box = owner.st_uid >= _FIRST_BOX_UID and not stat.S_ISCHR(owner.st_mode)
    return from_box or entry.name.startswith(_FILE_MARK)


def _link(path: str) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115
    except OSError:
        return "gone"
