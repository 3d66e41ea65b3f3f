"""Every language whose toolchain is here, on one program that does what its input says."""

from dataclasses import replace
from pathlib import Path

import pytest

from sandbox_runner.boxes import languages
from sandbox_runner.domain.cases import StdinCase, Submission
from sandbox_runner.domain.verdict import Limits, Outcome, TestResult
from sandbox_runner.sandbox import open_sandbox
from sandbox_runner.settings import Settings
from tests.isolation.bait import Bait
from tests.isolation.conftest import Arena
from tests.isolation.corpus.languages import BROKEN, BUILT, DEATHS, OBEDIENT
from tests.isolation.speaking import client_of

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]

_LIMITS = Limits(cpu_s=4.0, wall_s=20.0, memory_bytes=256 << 20, output_bytes=64 << 10, processes=1)
_SOURCE = str(Path(languages.__file__))


def _each(*left_out: str) -> list[object]:
    """The languages, those without a toolchain as loud skips."""
    return [
        pytest.param(
            name,
            marks=pytest.mark.skipif(
                name not in languages.installed(), reason=f"NO TOOLCHAIN: {name} is not tested"
            ),
        )
        for name in OBEDIENT
        if name not in left_out
    ]


async def _tell(arena: Arena, language: str, *cases: StdinCase, limits: Limits = _LIMITS) -> list[TestResult]:
    submission = Submission(OBEDIENT[language], cases, limits, language=language)
    return list((await arena.sandbox.judge.judge(submission)).tests)


@pytest.mark.parametrize("language", _each())
async def test_right_wrong_and_failing_runs_are_told_apart(namespaced: Arena, language: str) -> None:
    right, wrong, failed, died = await _tell(
        namespaced,
        language,
        StdinCase("add 3\n", "4\n"),
        StdinCase("add 3\n", "5\n"),
        StdinCase("exit 3\n", ""),
        StdinCase("die 0\n", ""),
    )

    assert right.outcome is Outcome.ACCEPTED, right
    assert (wrong.outcome, wrong.stdout) == (Outcome.WRONG_ANSWER, "4\n")
    assert (failed.outcome, failed.exit_code, failed.message) == (Outcome.RUNTIME_ERROR, 3, "exit status 3")
    assert (died.outcome, died.message) == (Outcome.RUNTIME_ERROR, DEATHS[language])
    await namespaced.assert_unharmed()


@pytest.mark.parametrize("language", _each())
@pytest.mark.parametrize(
    ("action", "outcome", "limit"),
    [
        ("spin", Outcome.TIME_LIMIT, "cpu"),
        ("eat", Outcome.MEMORY_LIMIT, None),
        ("flood", Outcome.OUTPUT_LIMIT, None),
    ],
)
async def test_a_limit_that_is_broken_is_named(
    namespaced: Arena, language: str, action: str, outcome: Outcome, limit: str | None
) -> None:
    # A runtime that collects garbage fights for its last pages before it ends.
    limits = replace(_LIMITS, cpu_s=1.0 if action == "spin" else 20.0, wall_s=60.0)

    (result,) = await _tell(namespaced, language, StdinCase(f"{action} 0\n", ""), limits=limits)

    assert (result.outcome, result.limit) == (outcome, limit), result
    await namespaced.assert_unharmed()


_KERNELS_LIMITS = r"""
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
int main(void) {
    char place[99];
    struct statvfs build;
    struct stat status;
    for (int fd = 0; fd < 1024; fd++) if (!fstat(fd, &status)) printf("%d ", fd);
    printf("%d %d ", getsid(0) == getpid(), signal(SIGPIPE, SIG_DFL) == SIG_DFL);
    statvfs("/box", &build);
    printf("%ld %ld ", (long)(build.f_blocks * build.f_frsize), (long)build.f_files);
    printf("%s %d ", getcwd(place, sizeof place), fopen("left", "w") != NULL);
    int each[] = {RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_AS, RLIMIT_STACK, RLIMIT_NOFILE,
                  RLIMIT_NPROC};
    for (int i = 0; i < 7; i++) {
        struct rlimit found;
        getrlimit(each[i], &found);
        printf("%ld ", (long)found.rlim_cur);
    }
}
"""


@pytest.mark.skipif("c" not in languages.installed(), reason="NO TOOLCHAIN: c is not tested")
async def test_each_limit_holds_without_those_behind_it(namespaced: Arena) -> None:
    """One hides that another is gone: so the kernel is asked for each, and for where the program is."""
    limits = replace(_LIMITS, memory_bytes=128 << 20)
    place = 0, 1, 2, 1, 1, 256 << 20, 4096, "/tmp", 1
    wanted = 9, limits.output_bytes + 1, 512 << 20, 512 << 20, limits.memory_bytes, 64, 97
    case = StdinCase("", " ".join(map(str, (*place, *wanted))))

    verdict = await namespaced.sandbox.judge.judge(Submission(_KERNELS_LIMITS, (case,), limits, language="c"))

    assert verdict.outcome is Outcome.ACCEPTED, verdict.tests[0].stdout


@pytest.mark.skipif("java" not in languages.installed(), reason="NO TOOLCHAIN: java is not tested")
async def test_garbage_is_collected_long_before_it_breaks_a_limit(namespaced: Arena) -> None:
    """On a machine with 128 GB of memory Java would let 600 MB of it lie, here what a test may use."""
    limits = replace(_LIMITS, memory_bytes=96 << 20)

    (result,) = await _tell(namespaced, "java", StdinCase("waste 300\n", ""), limits=limits)

    assert result.outcome is Outcome.ACCEPTED, result


@pytest.mark.skipif("nodejs" not in languages.installed(), reason="NO TOOLCHAIN: nodejs is not tested")
async def test_without_a_cgroup_the_box_ends_a_program_that_outgrows_its_limit(namespaced: Arena) -> None:
    """Node reserves gigabytes that it may never use: the kernel's limit is as far away."""
    async with open_sandbox(Settings(cgroup="none")) as sandbox:
        arena = Arena(sandbox)

        (result,) = await _tell(
            arena, "nodejs", StdinCase("eat 0\n", ""), limits=replace(_LIMITS, wall_s=60.0)
        )

    assert result.outcome is Outcome.MEMORY_LIMIT, result
    assert result.memory_bytes < 4 * _LIMITS.memory_bytes
    await namespaced.assert_unharmed()


@pytest.mark.parametrize("language", _each("nodejs", "bash"))
async def test_what_does_not_compile_quotes_the_compiler(namespaced: Arena, language: str) -> None:
    source, quoted = BROKEN[language]
    submission = Submission(source, (StdinCase("", ""),) * 2, _LIMITS, language=language)

    verdict = await namespaced.sandbox.judge.judge(submission)

    assert [test.outcome for test in verdict.tests] == [Outcome.COMPILE_ERROR] * 2
    assert quoted in verdict.tests[0].message
    await namespaced.assert_unharmed()


@pytest.mark.parametrize("language", _each())
async def test_ten_tests_run_what_was_compiled_once(namespaced: Arena, language: str) -> None:
    """Compiled again, in this box or another, it would be of another nanosecond.

    The tests may fork, as on `/submit`.
    """
    forking = replace(_LIMITS, processes=16)

    results = await _tell(namespaced, language, *[StdinCase("stamp 0\n", "")] * 10, limits=forking)

    stamps = {result.stdout for result in results}
    assert len(stamps) == 1, stamps
    assert stamps.isdisjoint({"", "-1\n"}), results[0]


@pytest.mark.parametrize("language", _each())
async def test_files_of_one_test_are_gone_for_the_next(namespaced: Arena, language: str) -> None:
    results = await _tell(namespaced, language, *[StdinCase("leave 0\n", "new\n")] * 3)

    assert [result.outcome for result in results] == [Outcome.ACCEPTED] * 3, results


@pytest.mark.skipif("bash" not in languages.installed(), reason="NO TOOLCHAIN: bash is not tested")
async def test_a_mode_that_one_test_changed_is_not_there_for_the_next(namespaced: Arena) -> None:
    code = "echo ran; chmod 0 /box/main.sh"

    verdict = await namespaced.sandbox.judge.judge(
        Submission(code, (StdinCase("", "ran\n"),) * 3, _LIMITS, language="bash")
    )

    assert [test.outcome for test in verdict.tests] == [Outcome.ACCEPTED] * 3, verdict


@pytest.mark.parametrize("language", _each())
async def test_nothing_beyond_the_box_is_read_written_or_reached(
    namespaced: Arena, bait: Bait, language: str
) -> None:
    host = bait.state()
    attempts = [
        "read /etc/passwd",
        f"read {_SOURCE}",
        f"read {bait.file}",
        "read /proc/1/environ",
        f"write {bait.file}",
        f"write {BUILT[language]}",
        "write /box/new",
        "write /usr/new",
        f"connect {bait.port}",
        *([] if language == "bash" else ["fork 0"]),
    ]

    results = await _tell(namespaced, language, *(StdinCase(f"{each}\n", "held\n") for each in attempts))

    assert {a: r.stdout for a, r in zip(attempts, results, strict=True)} == dict.fromkeys(
        attempts, "held\n"
    ), results
    assert bait.state() == host
    await namespaced.assert_unharmed()


async def test_only_python_is_offered_without_namespaces(arena: Arena) -> None:
    every = {languages.PYTHON, *languages.installed()}
    cpp = {"code": OBEDIENT["cpp"], "language": "cpp", "tests": [{"stdin": "add 3", "stdout": "4"}]}
    async with client_of(arena) as client:
        offered = {each["id"] for each in (await client.get("/languages")).json()["languages"]}
        answer = await client.post("/judge", json=cpp)

    assert offered == (every if arena.isolated else {languages.PYTHON})
    if not arena.isolated:
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "language"
