"""A24: sources that attack a compiler. They need g++, which runs in boxes with namespaces only."""

from dataclasses import replace

import pytest

from sandbox_runner.boxes import languages
from sandbox_runner.domain.cases import StdinCase, Submission
from sandbox_runner.domain.verdict import Outcome
from tests.isolation.conftest import LIMITS, Arena

pytestmark = [
    pytest.mark.isolation,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif("cpp" not in languages.installed(), reason="NO g++: attacks on it are not tested"),
]

_MAIN = "int main() { return 0; }\n"
_BOMBS = {
    "templates without end": (
        "template<int N> struct A { A<N + 1> a; A<N + 2> b; };\n"
        "template<> struct A<900> {}; template<> struct A<901> {};\nA<0> a;\n" + _MAIN
    ),
    "a device as a header": '#include "/dev/zero"\n' + _MAIN,
    "a random device as a header": '#include "/dev/urandom"\n' + _MAIN,
    "a file of the host as a header": '#include "/etc/passwd"\n' + _MAIN,
    "a program of ten gigabytes": "char a[10ULL << 30] = {1};\n" + _MAIN,
    "a gigabyte of diagnostics": (
        "#define A x y z;\n#define B A A A A A A A A\n#define C B B B B B B B B\n#define D C C C C C C C C\n"
        "D D D D D D D D\n" + _MAIN
    ),
    "macros that double": (
        "".join(f"#define A{n + 1} A{n} A{n}\n" for n in range(40))
        + "#define A0 0,\nint a[] = {A40 0};\n"
        + _MAIN
    ),
    "a header that includes itself": "#include __FILE__\n" + _MAIN,
    "a file put in by the assembler": 'asm(".incbin \\"/etc/passwd\\"");\n' + _MAIN,
    "a constant computed for ever": (
        "constexpr int f(int n) { int s = 0; for (long i = 0; i < (1L << 40); ++i) s += n; return s; }\n"
        "constexpr int x = f(1);\n" + _MAIN
    ),
}


@pytest.mark.parametrize("name", _BOMBS)
async def test_a_source_that_attacks_the_compiler_is_a_compile_error(namespaced: Arena, name: str) -> None:
    limits = replace(LIMITS, cpu_s=2.0, wall_s=10.0, memory_bytes=512 << 20)
    submission = Submission(_BOMBS[name], (StdinCase("", ""),), limits, language="cpp")

    verdict = await namespaced.sandbox.judge.judge(submission)

    result = verdict.tests[0]
    assert result.outcome is Outcome.COMPILE_ERROR, result
    assert len(result.stderr) <= limits.output_bytes
    await namespaced.assert_unharmed()


async def test_a_compiler_is_measured_by_its_own_limits(namespaced: Arena) -> None:
    """It used more than the program may: what it says is still what is wrong with the source."""
    limits = replace(LIMITS, cpu_s=0.02, memory_bytes=16 << 20, output_bytes=64)
    code = "#include <iostream>\nint main() { std::cout << missing; }\n"

    verdict = await namespaced.sandbox.judge.judge(
        Submission(code, (StdinCase("", ""),), limits, language="cpp")
    )

    assert verdict.tests[0].outcome is Outcome.COMPILE_ERROR
    assert "missing" in verdict.tests[0].message, verdict


async def test_an_honest_program_compiles(namespaced: Arena) -> None:
    limits = replace(LIMITS, cpu_s=4.0, wall_s=15.0, memory_bytes=512 << 20)
    code = "#include <iostream>\nint main() { int n; std::cin >> n; std::cout << n + 1; }\n"

    verdict = await namespaced.sandbox.judge.judge(
        Submission(code, (StdinCase("3", "4"),), limits, language="cpp")
    )

    assert verdict.outcome is Outcome.ACCEPTED, verdict
