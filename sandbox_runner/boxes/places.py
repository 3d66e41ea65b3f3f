"""Where a program runs: which runtime its box is forked from, and what the box is told of it."""

from dataclasses import dataclass, field, replace

from sandbox_runner.boxes import languages, runtimes
from sandbox_runner.boxes.runtimes import Runtime
from sandbox_runner.domain.cases import Program
from sandbox_runner.domain.verdict import Limits
from sandbox_runner.jail.native import COMPILING

# Tests wait while the program works, and must not be the first to run out of time.
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Setup:
    """The first thing that a box is told."""

    kind: str
    limits: Limits
    """What its tests may use."""
    ceiling: Limits
    """What the box may use, compiling included."""
    command: dict[str, object] | None = field(default=None, hash=False)
    once: bool = False
    """It runs one test."""

    def as_message(self) -> dict[str, object]:
        limits, ceiling = self.limits.as_message(), self.ceiling.as_message()
        return {"kind": self.kind, "limits": limits, "ceiling": ceiling, "command": self.command}


@dataclass(frozen=True, slots=True)
class Place:
    runtime: Runtime
    setup: Setup
    source: str

    @property
    def limits(self) -> Limits:
        return self.setup.limits

    @property
    def must_compile(self) -> bool:
        return self.setup.command is not None and bool(self.setup.command["compile"])

    @property
    def is_of_tests(self) -> bool:
        return self.setup.kind == "tests"


def place_of(program: Program, *, once: bool = False) -> Place:
    """`once`: for one test alone, of one process, which makes some boxes cheaper."""
    limits = program.limits
    if program.language == languages.PYTHON:
        runtime = runtimes.python_runtimes()[program.packages]
        return Place(runtime, Setup("python", limits, limits, once=once), program.code)
    found = languages.installed()[program.language]
    processes = max(limits.processes, found.language.processes) if found.language.forks else 1
    needed = replace(limits, processes=processes)
    ceiling = replace(
        needed,
        memory_bytes=max(limits.memory_bytes, COMPILING.memory_bytes),
        processes=max(needed.processes, COMPILING.processes),
    )
    setup = Setup("native", needed, ceiling, found.command_within(limits.memory_bytes).as_message())
    return Place(languages.native_runtime(), setup, program.code)


def place_of_servant(program: Program, *, once: bool = False) -> Place:
    """The program again, where it can answer test code in another jail."""
    setup = Setup("python", program.limits, program.limits, once=once)
    return Place(runtimes.servant_runtimes()[program.packages], setup, program.code)


def place_of_tests(program: Program, *, once: bool = False) -> Place:
    """Where the tests of that program run, with the packages that it has."""
    limits = program.limits
    patient = replace(
        limits,
        cpu_s=limits.cpu_s + _PATIENCE_S,
        wall_s=limits.wall_s + _PATIENCE_S,
        memory_bytes=max(limits.memory_bytes, COMPILING.memory_bytes),
        output_bytes=max(limits.output_bytes, COMPILING.output_bytes),
        processes=1,
    )
    setup = Setup("tests", patient, patient, once=once)
    return Place(runtimes.tests_runtimes()[program.packages], setup, "")
