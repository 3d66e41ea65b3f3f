"""What the loop needs from outside, as three roles."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from service.domain.chat import Sampling, TokenUsage
from service.domain.critique import Critique
from service.domain.run import Run
from service.domain.task import Candidate, Task
from service.domain.verdict import Verdict


@dataclass(frozen=True, slots=True)
class OnText:
    """Called with each piece of text as a model writes it; awaiting it is the back-pressure.

    Without `along` nobody reads along, and a model may answer in one piece, which costs far less.
    """

    tell: Callable[[str], Awaitable[None]]
    along: bool = True

    async def __call__(self, text: str) -> None:
        await self.tell(text)


class Generator(Protocol):
    """Writes programs. Failures are `GeneratorError`."""

    async def propose(
        self, task: Task, sampling: Sampling, on_text: OnText | None
    ) -> tuple[Candidate, TokenUsage]:
        """Write a first candidate."""

    async def revise(
        self, task: Task, candidate: Candidate, critique: Critique, sampling: Sampling, on_text: OnText | None
    ) -> tuple[Candidate, TokenUsage]:
        """Rewrite a candidate as its critique says."""


class Critic(Protocol):
    """Reviews programs. Failures are `CriticError`."""

    async def critique(
        self, task: Task, candidate: Candidate, hint: str | None, sampling: Sampling, on_text: OnText | None
    ) -> tuple[Critique, TokenUsage]:
        """Review a candidate; `hint` tells what the tests did, None leaves the critic blind to them."""


class Sandbox(Protocol):
    """Runs programs. A bad program is a verdict; `SandboxError` is for a broken sandbox."""

    async def judge(self, task: Task, candidate: Candidate, *, stop_on_first_fail: bool = False) -> Verdict:
        """Run the task's tests on the candidate: all of them, or none after one that fails."""


class RunningSandbox(Sandbox, Protocol):
    """A sandbox that also runs a program which nobody judges."""

    async def run(self, code: str, *, stdin: str = "", language: str = "python") -> Run:
        """Run a program once."""
