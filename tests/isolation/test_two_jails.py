"""Test code and program in a jail each: honest programs pass, and no cheat does."""

from dataclasses import replace

import pytest

from sandbox_runner.boxes import runtimes
from sandbox_runner.domain.asserts import rewrite
from sandbox_runner.domain.cases import Case, CodeCase, PytestCase, Submission
from sandbox_runner.domain.verdict import Integrity, Outcome, TestResult
from tests.isolation.conftest import HONEST, LIMITS, Arena
from tests.isolation.corpus import scratch
from tests.isolation.corpus.remote import CHEATS, HONESTIES, PYTEST_HONESTIES, SPIES

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]

_needs_pytest = pytest.mark.skipif(not runtimes.has_pytest(), reason="NO pytest beside the service")
_CANARY = "canary-0123456789abcdef01234567"
_ASSERTS = CodeCase(
    "got = f(3)\nassert got == 4\nassert got + 1 == 5\nassert len([f(n) for n in (1, 2)]) == 2"
)
_FILE = PytestCase({"test_f.py": "from solution import f\ndef test_f():\n    assert f(3) == 4\n"})


async def _judge(arena: Arena, code: str, *cases: Case, wall_s: float = LIMITS.wall_s) -> list[TestResult]:
    limits = replace(LIMITS, wall_s=wall_s)
    return list((await arena.sandbox.judge.judge(Submission(code, cases, limits))).tests)


@pytest.mark.parametrize("name", HONESTIES)
async def test_an_honest_program_passes_test_code(arena: Arena, name: str) -> None:
    code, source, entry_point = HONESTIES[name]

    (result,) = await _judge(arena, code, CodeCase(source, entry_point))

    assert (result.outcome, result.integrity) == (Outcome.ACCEPTED, Integrity.STRONG), result
    await arena.assert_unharmed()


@_needs_pytest
@pytest.mark.parametrize("name", PYTEST_HONESTIES)
async def test_an_honest_program_passes_pytest_files(arena: Arena, name: str) -> None:
    code, files = PYTEST_HONESTIES[name]

    (result,) = await _judge(arena, code, PytestCase(files))

    assert (result.outcome, result.integrity) == (Outcome.ACCEPTED, Integrity.STRONG), result
    await arena.assert_unharmed()


_LOOKS = {
    "list(f(3)) == [0, 1, 2]": "def f(x): return range(x)",
    "sorted(f(3)) == [0, 1, 2]": "def f(x): yield from range(x)",
    "len(f(3)) == 3": "from collections import deque\ndef f(x): return deque(range(x))",
    "set(f(3)) == {'0', '1', '2'}": "def f(x): return map(str, range(x))",
    "sum(f(3)) == 3": "def f(x): return {n: 0 for n in range(x)}.keys()",
    "f('a')": "import re\ndef f(x): return re.match('a', x)",
    "not f('b')": "import re\ndef f(x): return re.match('a', x)",
    "f(3) == (1,)": "def f(x): return 1,",
}


@pytest.mark.parametrize("test", _LOOKS)
async def test_what_an_assert_looks_at_need_not_be_plain_data(arena: Arena, test: str) -> None:
    """The same alone, compared outside, and as test code; a wrong program fails both."""
    one, code = f"assert {test}", CodeCase(f"pass\nassert {test}\nassert f")

    right = [*await _judge(arena, _LOOKS[test], rewrite(one)), *await _judge(arena, _LOOKS[test], code)]
    wrong = await _judge(arena, "def f(x): return [] if x != 'b' else re\nimport re", rewrite(one))

    assert [each.outcome for each in right] == [Outcome.ACCEPTED] * 2, right
    assert wrong[0].outcome is Outcome.WRONG_ANSWER, wrong


@_needs_pytest
async def test_the_tests_that_cheats_meet_tell_right_from_wrong(arena: Arena) -> None:
    right = await _judge(arena, HONEST, _ASSERTS, _FILE)
    wrong = await _judge(arena, "def f(x): return 5", _ASSERTS, _FILE)

    assert [each.outcome for each in right] == [Outcome.ACCEPTED] * 2, right
    assert [each.outcome for each in wrong] == [Outcome.WRONG_ANSWER] * 2, wrong


@_needs_pytest
async def test_tests_may_use_more_than_the_program(arena: Arena) -> None:
    """Time and memory for an oracle of their own, and pytest's report however little a program may print."""
    oracle = (
        "import time\nfrom solution import f\ndef test_f():\n    held = bytearray(200 << 20)\n"
        "    until = time.process_time() + 0.7\n    while time.process_time() < until: pass\n"
        "    assert f(3) == 4\n"
    )
    limits = replace(LIMITS, output_bytes=64)

    verdict = await arena.sandbox.judge.judge(
        Submission(HONEST, (PytestCase({"test_f.py": oracle}),), limits)
    )

    assert verdict.tests[0].outcome is Outcome.ACCEPTED, verdict


@_needs_pytest
@pytest.mark.parametrize("name", CHEATS)
async def test_a_cheat_is_not_accepted(arena: Arena, name: str) -> None:
    code, outcomes = CHEATS[name]

    results = await _judge(arena, code, _ASSERTS, _FILE, wall_s=1.0)

    assert {each.outcome for each in results} <= outcomes, results
    await arena.assert_unharmed()


@pytest.mark.parametrize("where", SPIES)
async def test_the_expected_value_is_nowhere_in_the_programs_process(arena: Arena, where: str) -> None:
    """The test names it before it asks, and asks twice: the second time the program knows its first test."""
    source = f"expected = {_CANARY!r}\nfirst = f(3)\nassert f(first) == expected\n"

    results = await _judge(arena, SPIES[where], *[CodeCase(source)] * 2)

    assert Outcome.ACCEPTED not in {each.outcome for each in results}, results
    assert Outcome.INTERNAL_ERROR not in {each.outcome for each in results}, results
    await arena.assert_unharmed()


@pytest.mark.parametrize("where", ["frames", "the collector's objects"])
async def test_the_spies_would_find_what_is_there(arena: Arena, where: str) -> None:
    source = f"assert f({_CANARY!r}) == {_CANARY!r}\n"

    (result,) = await _judge(arena, SPIES[where], CodeCase(source))

    assert result.outcome is Outcome.ACCEPTED, result


_SLOW = {
    "code": CodeCase("import time\nassert f(3) == 4\ntime.sleep(1.5)\nassert f(4) == 5"),
    "a file": PytestCase(
        {
            "test_f.py": "import time\nfrom solution import f\n"
            "def test_f():\n    assert f(3) == 4\n    time.sleep(1.5)\n    assert f(4) == 5\n"
        }
    ),
}


@_needs_pytest
@pytest.mark.parametrize("case", _SLOW.values(), ids=_SLOW)
async def test_a_program_is_not_charged_for_what_its_tests_take(arena: Arena, case: Case) -> None:
    (result,) = await _judge(arena, HONEST, case, wall_s=1.0)

    assert result.outcome is Outcome.ACCEPTED, result


async def test_nor_for_what_a_function_of_the_tests_takes_that_it_calls(arena: Arena) -> None:
    source = "import time\ndef slow(x):\n    time.sleep(1.5)\n    return x\nassert f(slow) == 3"

    (result,) = await _judge(arena, "def f(g): return g(3)", CodeCase(source), wall_s=1.0)

    assert result.outcome is Outcome.ACCEPTED, result


async def test_its_own_pauses_add_up(arena: Arena) -> None:
    """However long its tests take between them."""
    code = "import time\ndef f(x):\n    time.sleep(0.7)\n    return x + 1"
    source = "import time\nassert f(3) == 4\ntime.sleep(0.5)\nassert f(3) == 4"

    (result,) = await _judge(arena, code, CodeCase(source), wall_s=1.0)

    assert (result.outcome, result.limit) == (Outcome.TIME_LIMIT, "idle"), result
    await arena.assert_unharmed()


async def test_what_a_program_does_after_its_tests_is_not_waited_for(arena: Arena) -> None:
    """It stops itself once it has answered, and is as good as done."""
    code = (
        "import os, threading\ndef f(x):\n"
        "    threading.Timer(0.2, os.kill, (os.getpid(), 19)).start()\n    return x + 1"
    )
    source = "import time\nassert f(3) == 4\ntime.sleep(0.5)"

    (result,) = await _judge(arena, code, CodeCase(source))

    assert result.outcome is Outcome.ACCEPTED, result


@_needs_pytest
@pytest.mark.parametrize("name", scratch.STRONG)
async def test_what_tests_and_program_write_both_have(namespaced: Arena, name: str) -> None:
    (result,) = await _judge(namespaced, scratch.HONEST, PytestCase(scratch.file_of(scratch.STRONG[name])))

    assert (result.outcome, result.integrity) == (Outcome.ACCEPTED, Integrity.STRONG), result
    await namespaced.assert_unharmed()


@_needs_pytest
async def test_a_pass_is_weak_where_the_program_changed_what_the_tests_wrote(namespaced: Arena) -> None:
    weak, code = PytestCase(scratch.file_of(scratch.WEAK)), CodeCase(scratch.CODE)

    results = await _judge(namespaced, scratch.HONEST, weak, code)

    assert [each.outcome for each in results] == [Outcome.ACCEPTED] * 2, results
    assert [each.integrity for each in results] == [Integrity.WEAK, Integrity.STRONG], results


@_needs_pytest
async def test_tests_that_need_a_directory_judge_nobody_where_there_is_none(arena: Arena) -> None:
    cases = PytestCase(scratch.file_of(scratch.SAVED)), CodeCase(scratch.CODE)

    results = await _judge(arena, scratch.HONEST, *cases)

    expected = Outcome.ACCEPTED if arena.isolated else Outcome.INVALID_TEST
    assert {each.outcome for each in results} == {expected}, results


@_needs_pytest
async def test_an_honest_program_passes_the_tests_that_cheats_with_files_meet(namespaced: Arena) -> None:
    cases = [PytestCase(scratch.file_of(test)) for test in scratch.TELLING_APART]

    results = await _judge(namespaced, scratch.HONEST, *cases)

    assert {each.outcome for each in results} == {Outcome.ACCEPTED}, results


@_needs_pytest
@pytest.mark.parametrize("name", scratch.CHEATS)
async def test_no_file_of_a_cheat_is_believed(namespaced: Arena, name: str) -> None:
    code, test, outcomes = scratch.CHEATS[name]

    (result,) = await _judge(namespaced, code, PytestCase(scratch.file_of(test)))

    assert result.outcome in outcomes, result
    await namespaced.assert_unharmed()


@_needs_pytest
async def test_no_file_is_kept_from_one_test_for_the_next(namespaced: Arena) -> None:
    results = await _judge(namespaced, scratch.KEEPING, *[PytestCase(scratch.file_of(scratch.KEPT))] * 2)

    assert {each.outcome for each in results} == {Outcome.ACCEPTED}, results


@pytest.mark.parametrize("report", ['{"value":{"dict":5}}', '{"value":{"dict":"seal"}}', '{"value":5}'])
async def test_a_report_of_the_tests_that_is_not_theirs_judges_nobody(arena: Arena, report: str) -> None:
    source = f"assert f(3) == 4\nimport os\nos.write(3, {report.encode()!r})\nos._exit(0)"

    (result,) = await _judge(arena, HONEST, CodeCase(source))

    assert result.outcome is Outcome.INVALID_TEST, result
