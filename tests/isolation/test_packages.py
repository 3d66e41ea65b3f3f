"""Package sets: what is asked for is there, and all of it; what is not asked for is not."""

import pytest

from sandbox_runner.boxes import runtimes
from sandbox_runner.domain.cases import CallCase, CodeCase, Submission
from sandbox_runner.domain.comparison import Equality
from sandbox_runner.domain.verdict import Limits, Outcome, TestResult
from tests.isolation.conftest import Arena

pytestmark = [
    pytest.mark.isolation,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif("numpy" not in runtimes.python_runtimes(), reason="NO numpy beside the service"),
]

_LIMITS = Limits(cpu_s=4.0, wall_s=20.0, memory_bytes=512 << 20, output_bytes=1 << 20, processes=1)
_PARTS = {
    "random": "numpy.random.default_rng(x).integers(10, size=4).shape[0] - 0 * x",
    "random's legacy": "int(numpy.random.RandomState(0).permutation(4).max()) + 1",
    "linalg": "round(numpy.linalg.det(numpy.eye(3) * 4) / 16)",
    "fft": "round(numpy.fft.fft(numpy.ones(4))[0].real)",
    "polynomial": "round(numpy.polynomial.Polynomial([1, 1])(x))",
    "ma": "int(numpy.ma.array([4, 5], mask=[0, 1]).sum())",
    "testing": "numpy.testing.assert_allclose(1, 1) or 4",
    "matmul": "int((numpy.ones((2, 300)) @ numpy.ones((300, 2)))[0, 0]) - 296",
    "strings": "int(numpy.strings.str_len(numpy.array(['four']))[0])",
    "einsum": "int(numpy.einsum('i,i', numpy.ones(4), numpy.ones(4)))",
    "a file in memory": "numpy.loadtxt(__import__('io').StringIO('4')).astype(int).item()",
}
_THREADS = """
import threading, time, os
import numpy
def f(x):
    most = 0
    done = False
    def watch():
        nonlocal most
        while not done: most = max(most, len(os.listdir('/proc/self/task')))
    watcher = threading.Thread(target=watch)
    watcher.start()
    a = numpy.ones((400, 400))
    for _ in range(5): a = a @ a / 400
    numpy.linalg.svd(a)
    done = True
    watcher.join()
    return most
"""


async def _call(arena: Arena, code: str, packages: str, expected: object = 4) -> TestResult:
    case = CallCase("f", (3,), {}, expected, Equality.JSON)
    submission = Submission(code, (case,), _LIMITS, packages=packages)
    return (await arena.sandbox.judge.judge(submission)).tests[0]


@pytest.mark.parametrize("part", _PARTS)
async def test_a_part_of_numpy_works(arena: Arena, part: str) -> None:
    result = await _call(arena, f"import numpy\ndef f(x): return int({_PARTS[part]})", "numpy")

    assert result.outcome is Outcome.ACCEPTED, result
    await arena.assert_unharmed()


async def test_an_array_for_which_there_is_no_memory_is_a_memory_limit(arena: Arena) -> None:
    result = await _call(arena, "import numpy\ndef f(x): return numpy.ones(1 << 30).size", "numpy")

    assert result.outcome is Outcome.MEMORY_LIMIT, result
    await arena.assert_unharmed()


async def test_numpy_is_not_there_unless_asked_for(arena: Arena) -> None:
    result = await _call(arena, "import numpy\ndef f(x): return 4", "stdlib")

    assert result.outcome is Outcome.RUNTIME_ERROR
    assert result.message.startswith("ModuleNotFoundError: No module named 'numpy'")


async def test_nothing_else_comes_with_numpy(arena: Arena) -> None:
    code = (
        "import importlib.util, sys\nimport numpy\n"
        "names = ('pydantic', 'fastapi', 'pytest', 'structlog')\n"
        "def f(x): return [n for n in names if n in sys.modules or importlib.util.find_spec(n)]\n"
    )

    result = await _call(arena, code, "numpy", expected=[])

    assert result.outcome is Outcome.ACCEPTED, result


async def test_linear_algebra_starts_no_threads(namespaced: Arena) -> None:
    result = await _call(namespaced, _THREADS, "numpy", expected=2)

    assert result.outcome is Outcome.ACCEPTED, result


async def test_test_code_meets_a_program_that_uses_numpy(arena: Arena) -> None:
    code = "import numpy as np\ndef f(x): return int(np.arange(x + 1).sum())\n"
    case = CodeCase("got = f(3)\nassert got == 6\n")

    verdict = await arena.sandbox.judge.judge(Submission(code, (case,), _LIMITS, packages="numpy"))

    assert verdict.outcome is Outcome.ACCEPTED, verdict
    await arena.assert_unharmed()
