"""Tests that use numpy end in two jails as they end in CPython, and nothing like an array cheats them."""

from dataclasses import replace

import pytest

from sandbox_runner.boxes import runtimes
from sandbox_runner.domain.asserts import rewrite
from sandbox_runner.domain.cases import CodeCase, PytestCase, Submission
from sandbox_runner.domain.verdict import Integrity, Limits, Outcome, TestResult
from tests.isolation.conftest import Arena
from tests.isolation.corpus.array_pretenders import PRETENDERS_OF_NUMPY
from tests.isolation.corpus.arrays import ARRAYS, UNIMPORTED
from tests.isolation.one_process import ending_well

pytestmark = [
    pytest.mark.isolation,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif("numpy" not in runtimes.python_runtimes(), reason="NO numpy beside the service"),
]

_LIMITS = Limits(cpu_s=4.0, wall_s=20.0, memory_bytes=512 << 20, output_bytes=4 << 20, processes=1)
_HOSTILE = replace(_LIMITS, cpu_s=1.0)
_FAILED = {Outcome.WRONG_ANSWER, Outcome.RUNTIME_ERROR, Outcome.NO_RESULT}
_REFUSED = _FAILED | {Outcome.TIME_LIMIT, Outcome.MEMORY_LIMIT}
_IMPORTING = {
    name: (program, tuple(f"import numpy as np\n{test}" for test in tests))
    for name, (program, tests) in ARRAYS.items()
}
_CORPUS = _IMPORTING | UNIMPORTED


@pytest.fixture(scope="module")
def in_cpython() -> dict[str, bool]:
    """Whether each program passes each of its tests in one process of the interpreter."""
    cases = {
        f"{name}: {test}": (program, test) for name, (program, tests) in _CORPUS.items() for test in tests
    }
    found = ending_well(cases, "numpy", "numpy.testing")
    assert len(found) / 3 < sum(found.values()) < len(found) * 4 / 5  # right and wrong programs
    return found


async def _judged(arena: Arena, program: str, *tests: str, limits: Limits = _LIMITS) -> list[TestResult]:
    cases = tuple(CodeCase(test, "f") for test in tests)
    submission = Submission(program, cases, limits, packages="numpy")
    return list((await arena.sandbox.judge.judge(submission)).tests)


@pytest.mark.parametrize("arena", [True], indirect=True, ids=["strongest"], scope="session")
@pytest.mark.parametrize("name", _CORPUS)
async def test_tests_of_arrays_end_as_in_cpython(
    arena: Arena, in_cpython: dict[str, bool], name: str
) -> None:
    program, tests = _CORPUS[name]

    found = await _judged(arena, program, *tests)

    expected = {test: in_cpython[f"{name}: {test}"] for test in tests}
    ended = dict(zip(tests, found, strict=True))
    assert {test: each.outcome is Outcome.ACCEPTED for test, each in ended.items()} == expected, ended
    assert {each.outcome for each in found} <= {Outcome.ACCEPTED, *_FAILED}, ended
    assert {each.integrity for each in found} == {Integrity.STRONG}, ended


@pytest.mark.parametrize("name", PRETENDERS_OF_NUMPY)
async def test_what_pretends_to_be_the_right_array_passes_no_test(arena: Arena, name: str) -> None:
    program, tests = PRETENDERS_OF_NUMPY[name]

    found = await _judged(arena, program, *tests, limits=_HOSTILE)

    assert {each.outcome for each in found} <= _REFUSED, dict(zip(tests, found, strict=True))
    await arena.assert_unharmed()


async def test_an_infinity_that_equals_every_large_number_is_marked(arena: Arena) -> None:
    tests = ["for x in [1, 2]: assert f(x) == x * 100_000", "assert list(map(f, [1, 2])) == [1e5, 2e5]"]

    for kind, integrity in (("float16", Integrity.WEAK), ("float64", Integrity.STRONG)):
        found = await _judged(arena, f"import numpy as np\ndef f(x): return np.{kind}('inf')", *tests)

        assert {each.integrity for each in found} == {integrity}, found


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("f(4) is True", Outcome.WRONG_ANSWER),
        ("f(2) is False", Outcome.WRONG_ANSWER),
        ("f(4) == True", Outcome.ACCEPTED),
        ("f(4)", Outcome.ACCEPTED),
        ("not f(2)", Outcome.ACCEPTED),
    ],
)
async def test_a_truth_of_numpys_is_not_pythons_where_an_assert_is_compared_outside(
    arena: Arena, test: str, expected: Outcome
) -> None:
    program = "import numpy as np\ndef f(x): return np.max([x]) > 3"

    verdict = await arena.sandbox.judge.judge(
        Submission(program, (rewrite(f"assert {test}"),), _LIMITS, packages="numpy")
    )

    assert verdict.tests[0].outcome is expected, verdict


async def test_the_tests_that_pretenders_meet_tell_right_from_wrong(arena: Arena) -> None:
    right, wrong = "import numpy as np\ndef f(x): return np.array([4, 4])", "def f(x): return [5, 5]"
    tests = sorted({test for _, tests in PRETENDERS_OF_NUMPY.values() for test in tests})

    for program, outcomes in ((right, {Outcome.ACCEPTED}), (wrong, _REFUSED)):
        found = await _judged(arena, program, *tests)

        assert {each.outcome for each in found} <= outcomes, dict(zip(tests, found, strict=True))


@pytest.mark.skipif(not runtimes.has_pytest(), reason="NO pytest beside the service")
async def test_files_for_pytest_compare_arrays(arena: Arena) -> None:
    file = (
        "import numpy as np, pytest\nfrom solution import f\n"
        "@pytest.mark.parametrize('x', [np.array([1.0]), np.array([2.0])])\n"
        "def test_f(x):\n    np.testing.assert_allclose(f(x), x * 2)\n"
        "    assert f(x) == pytest.approx(x * 2)\n"
        "def test_errors():\n    with pytest.raises(np.linalg.LinAlgError): f(None)\n"
    )
    program = "import numpy as np\ndef f(x): return np.linalg.inv(np.zeros((2, 2))) if x is None else x * {}"

    for factor, outcome in ((2, Outcome.ACCEPTED), (3, Outcome.WRONG_ANSWER)):
        case = PytestCase({"test_f.py": file})
        submission = Submission(program.format(factor), (case,), _LIMITS, packages="numpy")
        (found,) = (await arena.sandbox.judge.judge(submission)).tests
        assert found.outcome is outcome, found


async def test_a_test_cannot_use_numpy_where_it_is_not(arena: Arena) -> None:
    case = CodeCase("import numpy as np\nassert np.all(f(3) == 4)", "f")
    submission = Submission("def f(x): return 4", (case,), _LIMITS, packages="stdlib")

    (found,) = (await arena.sandbox.judge.judge(submission)).tests

    assert found.outcome is Outcome.INVALID_TEST, found
    assert "No module named 'numpy'" in found.message
