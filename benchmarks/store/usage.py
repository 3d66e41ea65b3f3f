"""What Redis says it has done: commands, CPU time, bytes."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from redis import Redis

_OWN = {"info", "zcard", "config", "client"}
"""Commands of the measurement itself."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Counted since the server started, or between two moments."""

    cpu_s: float
    """Of the one thread that runs commands."""
    commands: Counter[str]
    """By name, those that scripts call included."""
    read_bytes: int
    written_bytes: int
    held_bytes: int
    """Memory for data and overhead."""

    def __sub__(self, earlier: "Usage") -> "Usage":
        return Usage(
            self.cpu_s - earlier.cpu_s,
            self.commands - earlier.commands,
            self.read_bytes - earlier.read_bytes,
            self.written_bytes - earlier.written_bytes,
            self.held_bytes - earlier.held_bytes,
        )


def usage(client: Redis) -> Usage:
    """Ask once; the asking itself is in the next answer."""
    said: dict[str, Any] = client.info("all")
    counts = {
        name.removeprefix("cmdstat_"): stat["calls"]
        for name, stat in said.items()
        if name.startswith("cmdstat_")
    }
    return Usage(
        said["used_cpu_user_main_thread"] + said["used_cpu_sys_main_thread"],
        Counter({name: calls for name, calls in counts.items() if name not in _OWN}),
        said["total_net_input_bytes"],
        said["total_net_output_bytes"],
        said["used_memory"],
    )
