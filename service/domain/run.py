"""One execution of one program, judged by nobody."""

from dataclasses import dataclass

from service.domain.verdict import Outcome


@dataclass(frozen=True, slots=True)
class Run:
    """How a program ended and what it wrote; `ACCEPTED` says that it ended by itself with status 0."""

    outcome: Outcome
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    message: str = ""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    memory_bytes: int = 0
    tier: str = ""
