"""A real sandbox per kind of walls, and what must hold after every hostile program."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from sandbox_runner.boxes.launcher import Launcher
from sandbox_runner.domain.cases import CallCase, Case, StdinCase, Submission
from sandbox_runner.domain.comparison import Equality
from sandbox_runner.domain.verdict import Limits, Outcome, TestResult
from sandbox_runner.sandbox import Sandbox, open_sandbox
from sandbox_runner.settings import Settings
from tests.isolation.bait import Bait, laid_out
from tests.isolation.invariants import children_of

LIMITS = Limits(cpu_s=0.5, wall_s=3.0, memory_bytes=128 << 20, output_bytes=4 << 20, processes=1)
HONEST = "def f(x):\n    return x + 1\n"


@dataclass(frozen=True)
class Arena:
    """A sandbox with short ways to put programs into it."""

    sandbox: Sandbox

    @property
    def isolated(self) -> bool:
        return self.sandbox.readiness.isolated

    async def call(
        self, code: str, *, limits: Limits = LIMITS, arg: object = 3, expected: object = 4, tests: int = 1
    ) -> TestResult:
        return await self.last(code, CallCase("f", (arg,), {}, expected, Equality.JSON), limits, tests)

    async def script(
        self, code: str, stdout: str = "", *, limits: Limits = LIMITS, tests: int = 1
    ) -> TestResult:
        return await self.last(code, StdinCase("", stdout), limits, tests)

    async def last(self, code: str, case: Case, limits: Limits, tests: int) -> TestResult:
        """What came of the last of equal tests, or of the first that failed. One alone has another box."""
        submission = Submission(code, (case,) * tests, limits, stop_on_first_fail=True)
        return (await self.sandbox.judge.judge(submission)).tests[-1]

    async def assert_unharmed(self) -> None:
        """The next honest program is judged right, and nothing of the last one is left."""
        assert await self.harm() == []
        assert self.processes_left() == []

    async def harm(self) -> list[str]:
        """What is wrong with how honest programs are judged now."""
        right, wrong = await self.call(HONEST), await self.call(HONEST, expected=5)
        found = [] if right.outcome is Outcome.ACCEPTED else [f"a right program is then {right.outcome}"]
        return found if wrong.outcome is Outcome.WRONG_ANSWER else [*found, f"a wrong one is {wrong.outcome}"]

    def launcher(self) -> Launcher:
        launchers = self.sandbox.launchers
        assert launchers is not None
        assert launchers.current is not None
        return launchers.current

    def boxes_broken(self) -> float:
        """How often a test had to be tried again, so far."""
        found = self.sandbox.metrics.registry.get_sample_value("ctrl_infra_errors_total", {"reason": "box"})
        return found or 0

    def processes_left(self) -> list[int]:
        """Children of the launchers; between submissions there are none."""
        assert self.sandbox.launchers is not None
        return [child for each in self.sandbox.launchers.all for child in children_of(each.pid)]


@pytest_asyncio.fixture(
    scope="session", loop_scope="session", params=[True, False], ids=["strongest", "no-namespaces"]
)
async def arena(request: pytest.FixtureRequest) -> AsyncIterator[Arena]:
    async with open_sandbox(Settings(namespaces=request.param)) as sandbox:
        yield Arena(sandbox)


@pytest.fixture
def namespaced(arena: Arena) -> Arena:
    if not arena.isolated:
        pytest.skip("needs namespaces")
    return arena


@pytest.fixture(scope="session")
def bait() -> Iterator[Bait]:
    with laid_out() as bait:
        yield bait
