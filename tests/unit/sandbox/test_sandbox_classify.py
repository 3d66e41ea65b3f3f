"""Every rule that decides an outcome, without a box."""

import json
import signal
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox_runner.boxes.box import Trace
from sandbox_runner.boxes.memory_files import Output
from sandbox_runner.boxes.places import place_of_tests
from sandbox_runner.classify import (
    result_of_case,
    result_of_compilation,
    result_of_remote,
    result_of_run,
    was_interrupted,
)
from sandbox_runner.domain.cases import CallCase, Program, StdinCase
from sandbox_runner.domain.checkers import CHECKERS
from sandbox_runner.domain.comparison import Equality
from sandbox_runner.domain.differences import Difference
from sandbox_runner.domain.verdict import Integrity, Limits, Outcome, ProgramError
from sandbox_runner.jail import values
from sandbox_runner.jail.ending import Ending
from sandbox_runner.jail.remote.tests_side.findings import Ended
from sandbox_runner.jail.views import View

LIMITS = Limits(cpu_s=1, wall_s=3, memory_bytes=100, output_bytes=100, processes=1)
CALL = CallCase("f", (), {}, 4, Equality.JSON)
STDIN = StdinCase("", "4\n")


def _trace(
    *,
    status: int = 0,
    stopped: str | None = None,
    cpu_s: float = 0.1,
    memory_bytes: int = 50,
    stdout: bytes = b"",
    stderr: bytes = b"",
    report: bytes = b"",
    overflowed: bool = False,
    out_of_memory: bool = False,
    compiled: bool = True,
) -> Trace:
    ending = Ending(
        status=status,
        stopped=stopped,
        cpu_s=cpu_s,
        wall_s=0.2,
        memory_bytes=memory_bytes,
        fork_s=0.001,
        dirty=False,
        compiled=compiled,
    )
    return Trace.of(ending, Output(stdout, stderr, report, overflowed), out_of_memory=out_of_memory)


def _error(kind: str) -> bytes:
    return json.dumps({"error": {"type": kind, "text": "t", "line": 1, "source": "s"}}).encode()


@pytest.mark.parametrize(
    ("trace", "outcome"),
    [
        (_trace(report=b'{"value":4}'), Outcome.ACCEPTED),
        (_trace(report=b'{"value":5}'), Outcome.WRONG_ANSWER),
        (_trace(report=b'{"value":4.0}'), Outcome.WRONG_ANSWER),
        (_trace(report=b'{"value":{"opaque":"Everything"}}'), Outcome.WRONG_ANSWER),
        (_trace(), Outcome.NO_RESULT),
        (_trace(status=3), Outcome.NO_RESULT),
        (_trace(report=b'{"outcome":"accepted"}'), Outcome.NO_RESULT),
        (_trace(report=b"[1"), Outcome.NO_RESULT),
        (_trace(report=b'"accepted"'), Outcome.NO_RESULT),
        (_trace(report=b'{"value":{"set":[[]]}}'), Outcome.NO_RESULT),
        (_trace(report=b'{"value":4}{"value":4}'), Outcome.NO_RESULT),
        (_trace(report=b'{"value":' + b"[" * 50_000), Outcome.NO_RESULT),
        (_trace(report=_error("ValueError"), status=1), Outcome.RUNTIME_ERROR),
        (_trace(report=_error("MemoryError"), status=1), Outcome.MEMORY_LIMIT),
        (_trace(report=_error("_ArrayMemoryError"), status=1), Outcome.MEMORY_LIMIT),
        (_trace(status=-signal.SIGSYS), Outcome.FORBIDDEN_SYSCALL),
        (_trace(status=-signal.SIGSEGV, report=b'{"value":4}'), Outcome.RUNTIME_ERROR),
        (_trace(status=-signal.SIGKILL, stopped="cpu"), Outcome.TIME_LIMIT),
        (_trace(status=-signal.SIGKILL, stopped="wall"), Outcome.TIME_LIMIT),
        (_trace(cpu_s=1.5, report=b'{"value":4}'), Outcome.TIME_LIMIT),
        (_trace(status=-signal.SIGKILL, out_of_memory=True), Outcome.MEMORY_LIMIT),
        (_trace(status=-signal.SIGKILL, stopped="memory"), Outcome.MEMORY_LIMIT),
        (_trace(memory_bytes=101, report=b'{"value":4}'), Outcome.MEMORY_LIMIT),
        (_trace(cpu_s=1, memory_bytes=100, report=b'{"value":4}'), Outcome.ACCEPTED),
        (_trace(overflowed=True, report=b'{"value":4}'), Outcome.OUTPUT_LIMIT),
        (_trace(status=-signal.SIGXFSZ), Outcome.OUTPUT_LIMIT),
    ],
)
def test_the_outcome_of_a_call_is(trace: Trace, outcome: Outcome) -> None:
    assert result_of_case(trace, CALL, CHECKERS["standard"], LIMITS).outcome is outcome


@pytest.mark.parametrize(
    ("trace", "outcome"),
    [
        (_trace(stdout=b"4"), Outcome.ACCEPTED),
        (_trace(stdout=b"  4"), Outcome.PRESENTATION_ERROR),
        (_trace(stdout=b"5"), Outcome.WRONG_ANSWER),
        (_trace(stdout=b"4", status=1), Outcome.RUNTIME_ERROR),
        (_trace(stdout=b"4", status=-signal.SIGKILL), Outcome.RUNTIME_ERROR),
        (_trace(stdout=b"4", status=-signal.SIGKILL, stopped="cpu"), Outcome.TIME_LIMIT),
        (_trace(stdout=b"4", cpu_s=1.5), Outcome.TIME_LIMIT),
    ],
)
def test_the_outcome_of_a_script_is(trace: Trace, outcome: Outcome) -> None:
    assert result_of_case(trace, STDIN, CHECKERS["standard"], LIMITS).outcome is outcome


_LENGTH = replace(CALL, views=(View("len"),))
_IS_TRUE = replace(CALL, expected=True, equality=Equality.IDENTITY)


@pytest.mark.parametrize(
    ("case", "report", "outcome"),
    [
        (_LENGTH, b'{"seen":4,"value":[1,1,1,1]}', Outcome.ACCEPTED),
        (_LENGTH, b'{"value":4}', Outcome.WRONG_ANSWER),
        (CALL, b'{"seen":4,"value":4}', Outcome.WRONG_ANSWER),
        (CALL, b'{"alike":true,"value":4}', Outcome.ACCEPTED),
        (_IS_TRUE, b'{"value":true}', Outcome.ACCEPTED),
        (_IS_TRUE, b'{"alike":true,"value":true}', Outcome.WRONG_ANSWER),
    ],
)
def test_what_is_told_is_what_was_asked(case: CallCase, report: bytes, outcome: Outcome) -> None:
    assert result_of_case(_trace(report=report), case, CHECKERS["standard"], LIMITS).outcome is outcome


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_noise_on_the_report_is_accepted(report: bytes) -> None:
    case = CallCase("f", (), {}, "an answer that noise does not hit", Equality.JSON)

    assert (
        result_of_case(_trace(report=report), case, CHECKERS["standard"], LIMITS).outcome is Outcome.NO_RESULT
    )


def test_a_call_shows_what_came_back() -> None:
    result = result_of_case(_trace(report=b'{"value":{"tuple":[1]}}'), CALL, CHECKERS["standard"], LIMITS)

    assert (result.returned, result.message) == ("(1,)", "returned (1,)")


def test_a_run_that_ends_well_is_accepted() -> None:
    assert result_of_run(_trace(), LIMITS).outcome is Outcome.ACCEPTED


def test_a_program_that_compiles_has_no_result_yet() -> None:
    assert result_of_compilation(_trace(), LIMITS) is None


def test_a_source_bomb_is_a_compile_error_that_names_the_limit() -> None:
    result = result_of_compilation(_trace(status=-signal.SIGKILL, stopped="cpu", compiled=False), LIMITS)

    assert result is not None
    assert (result.outcome, result.message) == (Outcome.COMPILE_ERROR, "more than 1 s of CPU time")


@pytest.mark.parametrize(
    ("trace", "message"),
    [
        (_trace(compiled=False, stderr=b" main.c:1: no \n"), "main.c:1: no"),
        (_trace(compiled=False), "the program could not be compiled"),
        (_trace(compiled=False, report=_error("SyntaxError")), "SyntaxError: t\nsolution.py line 1: s"),
    ],
)
def test_why_a_program_does_not_compile_is_told(trace: Trace, message: str) -> None:
    result = result_of_compilation(trace, LIMITS)

    assert result is not None
    assert result.message == message


@pytest.mark.parametrize(
    ("trace", "interrupted"),
    [
        (_trace(compiled=False, stopped="wall", cpu_s=0.1), True),
        (_trace(compiled=True, stopped="wall", cpu_s=0.1), False),
        (_trace(compiled=False, stopped="cpu", cpu_s=0.1), False),
        (_trace(compiled=False, stopped=None, cpu_s=0.1), False),
        (_trace(compiled=False, stopped="wall", cpu_s=0.19), False),
        (_trace(compiled=False, status=-9), True),
        (_trace(compiled=True, status=-9), False),
        (_trace(compiled=False, status=-9, cpu_s=1.5), False),
        (_trace(compiled=False, status=-9, out_of_memory=True), False),
        (_trace(compiled=False, status=-11), False),
    ],
)
def test_whose_compiling_is_ended_from_outside_is_interrupted(trace: Trace, interrupted: bool) -> None:
    assert was_interrupted(trace, LIMITS) is interrupted


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"type": "E", "text": "t", "line": 3, "source": "s"}, ProgramError("E", "t", 3, "s")),
        ({"type": 5, "text": None, "line": "x", "source": []}, ProgramError("5", "", None, "")),
        ({}, ProgramError("")),
    ],
)
def test_an_error_is_told_as_far_as_it_is_one(told: dict[str, object], error: ProgramError) -> None:
    trace = _trace(status=1, report=json.dumps({"error": told}).encode())

    assert result_of_run(trace, LIMITS).error == error


_TAGS = st.sampled_from(
    [
        "value",
        "error",
        "type",
        "text",
        "line",
        "source",
        "dict",
        "set",
        "frozenset",
        "tuple",
        "int",
        "bytes",
        "complex",
        "opaque",
    ]
)
_FORGED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TAGS, inner, max_size=2),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(_TAGS, _FORGED, max_size=3))
def test_no_forged_report_breaks_the_judge(report: dict[str, object]) -> None:
    for expected in (4, {"a": 1}, [1, [2]]):
        case = CallCase("f", (), {}, expected, Equality.JSON)
        result_of_case(_trace(report=json.dumps(report).encode()), case, CHECKERS["standard"], LIMITS)


@pytest.mark.parametrize(
    ("trace", "limit"),
    [
        (_trace(status=-signal.SIGKILL, stopped="cpu"), "cpu"),
        (_trace(status=-signal.SIGXCPU), "cpu"),
        (_trace(status=-signal.SIGKILL, stopped="wall", cpu_s=0.15), "wall"),
        (_trace(status=-signal.SIGKILL, stopped="wall", cpu_s=0.01), "idle"),
        (_trace(report=b'{"value":4}'), None),
        (_trace(memory_bytes=101), None),
    ],
)
def test_the_time_that_ran_out_is_told(trace: Trace, limit: str | None) -> None:
    assert result_of_case(trace, CALL, CHECKERS["standard"], LIMITS).limit == limit


def test_who_waited_and_did_not_compute_is_told_so() -> None:
    idle, busy = (
        result_of_run(_trace(status=-9, stopped="wall", cpu_s=cpu_s), LIMITS) for cpu_s in (0.01, 0.15)
    )

    assert (idle.message, busy.message) == ("more than 3 s, most of them idle", "more than 3 s")


def test_the_signal_of_a_crash_is_told() -> None:
    assert result_of_run(_trace(status=-signal.SIGSEGV), LIMITS).signal == "SIGSEGV"
    assert result_of_run(_trace(status=1), LIMITS).signal is None


def _found(ended: str, **told: object) -> Trace:
    return _trace(report=b'{"value":%b}' % values.encode({"ended": ended, **told}).encode())


@pytest.mark.parametrize(
    ("candidate", "tests", "outcome"),
    [
        (_trace(), _found(Ended.PASSED), Outcome.ACCEPTED),
        (_trace(cpu_s=1.5), _found(Ended.PASSED), Outcome.TIME_LIMIT),
        (_trace(overflowed=True), _found(Ended.PASSED), Outcome.OUTPUT_LIMIT),
        (_trace(memory_bytes=101), _found(Ended.PASSED), Outcome.MEMORY_LIMIT),
        (_trace(status=-signal.SIGSEGV), _found(Ended.PASSED), Outcome.RUNTIME_ERROR),
        (_trace(), _found(Ended.FAILED, type="AssertionError"), Outcome.WRONG_ANSWER),
        (_trace(), _found(Ended.ERROR, type="TypeError"), Outcome.WRONG_ANSWER),
        (_trace(), _found(Ended.CROSSED, type="ValueError"), Outcome.RUNTIME_ERROR),
        (_trace(), _found(Ended.CROSSED, type="MemoryError"), Outcome.MEMORY_LIMIT),
        (_trace(), _found(Ended.CROSSED, type="_ArrayMemoryError"), Outcome.MEMORY_LIMIT),
        (_trace(), _found(Ended.CANDIDATE_GONE), Outcome.NO_RESULT),
        (_trace(status=3), _found(Ended.CANDIDATE_GONE), Outcome.NO_RESULT),
        (_trace(status=-signal.SIGSYS), _found(Ended.CANDIDATE_GONE), Outcome.FORBIDDEN_SYSCALL),
        (_trace(status=-signal.SIGSEGV), _found(Ended.CANDIDATE_GONE), Outcome.RUNTIME_ERROR),
        (_trace(status=1, report=_error("KeyError")), _found(Ended.CANDIDATE_GONE), Outcome.RUNTIME_ERROR),
        (_trace(status=-9, stopped="cpu"), _found(Ended.CANDIDATE_GONE), Outcome.TIME_LIMIT),
        (_trace(status=-9, stopped="wall"), _trace(status=-9, stopped="wall"), Outcome.TIME_LIMIT),
        (_trace(), _trace(status=-9, stopped="cpu"), Outcome.TIME_LIMIT),
        (_trace(), _found(Ended.TEST_FAULT), Outcome.INVALID_TEST),
        (_trace(), _found("accepted"), Outcome.INVALID_TEST),
        (_trace(), _trace(), Outcome.INVALID_TEST),
        (_trace(), _trace(status=-signal.SIGSEGV), Outcome.INVALID_TEST),
        (_trace(report=b'{"value":{"dict":[["ended","passed"]]}}'), _trace(), Outcome.INVALID_TEST),
    ],
)
def test_the_outcome_of_two_jails_is(candidate: Trace, tests: Trace, outcome: Outcome) -> None:
    assert result_of_remote(candidate, tests, LIMITS, LIMITS).outcome is outcome


def test_tests_are_measured_by_what_they_may_use_and_not_by_the_programs_limits() -> None:
    tests = place_of_tests(Program("", "", LIMITS)).limits
    report = _found(Ended.PASSED)
    busy = replace(report, ending=replace(report.ending, cpu_s=2.0, memory_bytes=1 << 20))
    busier = replace(report, ending=replace(report.ending, cpu_s=7.0))

    assert result_of_remote(_trace(), busy, LIMITS, tests).outcome is Outcome.ACCEPTED
    assert result_of_remote(_trace(), busier, LIMITS, tests).outcome is Outcome.TIME_LIMIT


def test_a_comparison_that_the_program_decided_makes_the_result_weak() -> None:
    weak = result_of_remote(_trace(), _found(Ended.PASSED, weak=True), LIMITS, LIMITS)
    strong = result_of_remote(_trace(), _found(Ended.PASSED, weak=False), LIMITS, LIMITS)

    assert (weak.integrity, strong.integrity) == (Integrity.WEAK, Integrity.STRONG)


def test_a_failed_assertion_of_the_tests_is_quoted_with_its_line() -> None:
    told = _found(Ended.FAILED, type="AssertionError", text="no", line=3, source="assert f(1) == 2")

    message = result_of_remote(_trace(), told, LIMITS, LIMITS).message

    assert message == "AssertionError: no\ntests line 3: assert f(1) == 2"


LONG = Limits(cpu_s=1, wall_s=3, memory_bytes=100, output_bytes=1 << 20, processes=1)


def test_a_judged_test_shows_the_head_of_what_it_printed_and_a_run_shows_all() -> None:
    trace = _trace(stdout=b"x" * 100_000)
    judged, run = result_of_case(trace, STDIN, CHECKERS["standard"], LONG), result_of_run(trace, LONG)

    assert (len(judged.stdout), judged.truncated) == (65_536, True)
    assert (len(run.stdout), run.truncated) == (100_000, False)


def test_a_difference_behind_what_is_shown_is_found() -> None:
    expected = "".join(f"{n}\n" for n in range(50_000))
    printed = expected.replace("\n44444\n", "\n4x444\n").encode()

    result = result_of_case(_trace(stdout=printed), StdinCase("", expected), CHECKERS["standard"], LONG)

    assert result.difference is not None
    assert result.difference.at == "line 44445, column 2"
    assert "\\n44444\\n" in result.difference.expected
    assert "\\n4x444\\n" in result.difference.actual


def test_a_cut_inside_a_character_makes_no_bad_bytes() -> None:
    trace = _trace(stdout=b"x" + "€".encode() * 40_000)

    result = result_of_case(trace, STDIN, CHECKERS["standard"], LONG)

    assert result.stdout.endswith("€")
    assert result.raw_stdout is None


def test_the_way_to_a_wrong_item_is_found_where_the_test_looks_at_items() -> None:
    case = CallCase("f", (), {}, {"a": [1, 2, 3]}, Equality.JSON)
    trace = _trace(report=b'{"value":{"dict":[["a",[1,5,3]]]}}')
    truth = CallCase("f", (), {}, False, Equality.TRUTH)

    assert result_of_case(trace, case, CHECKERS["standard"], LIMITS).difference == Difference("['a'][1]")
    assert result_of_case(trace, truth, CHECKERS["standard"], LIMITS).difference is None


def test_a_long_value_is_not_kept() -> None:
    """Many are made: the objects of one report may take fifty times its size."""
    reports = [b'{"value":[%b[]]}' % (b"[]," * 100_000)] * 3
    tracemalloc.start()

    results = [result_of_case(_trace(report=each), CALL, CHECKERS["standard"], LONG) for each in reports]

    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [each.outcome for each in results] == [Outcome.WRONG_ANSWER] * 3
    assert kept < 1 << 20
