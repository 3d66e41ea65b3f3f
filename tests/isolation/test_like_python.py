"""A script prints and ends as it does under `python -I`, however oddly it writes: at its exit too."""

import asyncio
import subprocess
import sys
import tempfile

import pytest

from sandbox_runner.domain.cases import Program
from sandbox_runner.domain.verdict import Limits, Outcome
from tests.isolation.conftest import Arena
from tests.isolation.corpus.oddities import ODDITIES, STDIN

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]

_LIMITS = Limits(cpu_s=4.0, wall_s=15.0, memory_bytes=512 << 20, output_bytes=1 << 20, processes=1)


@pytest.mark.parametrize("name", ODDITIES)
async def test_a_script_prints_what_it_prints_elsewhere(arena: Arena, name: str) -> None:
    code = ODDITIES[name]
    elsewhere = await _elsewhere(code)

    here = await arena.sandbox.judge.run(Program(code, STDIN, _LIMITS))

    assert here.stdout == elsewhere.stdout.decode("utf-8", "replace"), here
    assert (here.outcome is Outcome.ACCEPTED) == (elsewhere.returncode == 0), here


async def _elsewhere(code: str) -> subprocess.CompletedProcess[bytes]:
    """Under the interpreter that boxes are forked from, from a file."""
    executable: str = sys._base_executable  # type: ignore[attr-defined]  # noqa: SLF001
    with tempfile.NamedTemporaryFile("wb", suffix=".py") as file:
        file.write(code.encode("utf-8", "surrogatepass"))
        file.flush()
        return await asyncio.to_thread(
            subprocess.run,
            [executable, "-I", "-B", file.name],
            input=STDIN.encode(),
            capture_output=True,
            env={"LC_ALL": "C.UTF-8"},
            check=False,
        )
