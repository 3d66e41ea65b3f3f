"""Turn the trace of a test into its result. Every rule that decides an outcome is here."""

import codecs
import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox_runner.boxes.box import Trace
from sandbox_runner.domain import differences, explain
from sandbox_runner.domain.cases import CallCase, StdinCase
from sandbox_runner.domain.checkers import Checker
from sandbox_runner.domain.comparison import Equality, equal
from sandbox_runner.domain.differences import Difference
from sandbox_runner.domain.verdict import Integrity, Limits, Outcome, ProgramError, TestResult
from sandbox_runner.jail import values
from sandbox_runner.jail.remote.tests_side.findings import Ended
from sandbox_runner.jail.report import ALIKE

# A program that used less of its wall clock than this was waiting, not slow.
_NO_MEMORY = ("MemoryError", "_ArrayMemoryError")  # the second is numpy's, and derives from the first
_IDLE_SHARE = 0.1
_BUSY_SHARE = 0.9

# A submission may have a thousand tests, and the verdict holds what all of them printed.
_SHOWN_BYTES = 64 << 10

_LONG = {"opaque": "a value too long to be shown"}


@dataclass(frozen=True, slots=True)
class Judgement:
    outcome: Outcome
    message: str = ""
    returned: str | None = None
    limit: str | None = None
    signal: str | None = None
    error: ProgramError | None = None
    difference: Difference | None = None


def was_interrupted(trace: Trace, limits: Limits) -> bool:
    """Whether the interpreter's compiling was ended from outside: it waits for nothing, and kills nobody.

    Not so for other languages' compilers, which a source might have wait.
    """
    ending = trace.ending
    starved = ending.stopped == "wall" and ending.cpu_s < _BUSY_SHARE * ending.wall_s
    killed = ending.status == -signal.SIGKILL and _limit_reached(trace, limits) is None
    return not ending.compiled and (starved or killed)


def result_of_compilation(trace: Trace, limits: Limits) -> TestResult | None:
    """None when the program compiled."""
    if trace.ending.compiled:
        return None
    limit = _limit_reached(trace, limits)
    told = trace.output.stderr[: explain.MESSAGE_LIMIT].decode("utf-8", "replace").strip()
    unexplained = explain.printable(told) or "the program could not be compiled"
    message = explain.of_error(trace.error) if trace.error else unexplained
    return _result(
        trace, Judgement(Outcome.COMPILE_ERROR, limit.message if limit else message), streams=False
    )


def result_of_run(trace: Trace, limits: Limits) -> TestResult:
    judgement = _failure(trace, limits) or Judgement(Outcome.ACCEPTED)
    return _result(trace, judgement, shown_bytes=limits.output_bytes)


def as_shown(result: TestResult) -> TestResult:
    """As much of a run's streams as of a test's, where someone else had to see them whole."""
    printed = result.stdout[:_SHOWN_BYTES].encode("utf-8", "surrogatepass")
    shown, _ = codecs.utf_8_decode(printed[:_SHOWN_BYTES], "surrogatepass", False)
    stderr = result.stderr[:_SHOWN_BYTES]
    whole = (shown, stderr) == (result.stdout, result.stderr)
    return result if whole else replace(result, stdout=shown, stderr=stderr, raw_stdout=None, truncated=True)


def result_of_case(trace: Trace, case: StdinCase | CallCase, checker: Checker, limits: Limits) -> TestResult:
    match case:
        case StdinCase():
            judgement = _failure(trace, limits) or _judge_output(trace, case, checker)
        case CallCase():
            judgement = _limit_reached(trace, limits) or _crash(trace) or _judge_value(trace, case)
    return _result(trace, judgement)


def _limit_reached(trace: Trace, limits: Limits) -> Judgement | None:
    ending = trace.ending
    if trace.output.overflowed or ending.status == -signal.SIGXFSZ:
        return Judgement(Outcome.OUTPUT_LIMIT, f"more than {limits.output_bytes} bytes of output")
    if ending.stopped == "cpu" or ending.status == -signal.SIGXCPU or ending.cpu_s > limits.cpu_s:
        return Judgement(Outcome.TIME_LIMIT, f"more than {limits.cpu_s:g} s of CPU time", limit="cpu")
    if ending.stopped == "wall":
        idle = ending.cpu_s < _IDLE_SHARE * ending.wall_s
        told = f"more than {limits.wall_s:g} s" + (", most of them idle" if idle else "")
        return Judgement(Outcome.TIME_LIMIT, told, limit="idle" if idle else "wall")
    ran_out = trace.error is not None and trace.error.get("type") in _NO_MEMORY
    ran_out = ran_out or trace.out_of_memory or ending.stopped == "memory"
    if ran_out or ending.memory_bytes > limits.memory_bytes:
        return Judgement(Outcome.MEMORY_LIMIT, f"more than {limits.memory_bytes} bytes of memory")
    return None


def _crash(trace: Trace) -> Judgement | None:
    status = trace.ending.status
    if status == -signal.SIGSYS:
        return Judgement(Outcome.FORBIDDEN_SYSCALL, "a system call that no program here may make")
    if status < 0:
        return Judgement(
            Outcome.RUNTIME_ERROR, explain.of_signal(-status), signal=explain.signal_name(-status)
        )
    if trace.error is not None:
        return Judgement(
            Outcome.RUNTIME_ERROR, explain.of_error(trace.error), error=_program_error(trace.error)
        )
    return None


def _program_error(told: Mapping[str, Any]) -> ProgramError:
    line = told.get("line")
    return ProgramError(
        type=explain.printable(str(told.get("type") or "")),
        text=explain.printable(str(told.get("text") or "")),
        line=line if isinstance(line, int) else None,
        source=explain.printable(str(told.get("source") or "")),
    )


def _failure(trace: Trace, limits: Limits) -> Judgement | None:
    found = _limit_reached(trace, limits) or _crash(trace)
    if found is None and trace.ending.status != 0:
        return Judgement(Outcome.RUNTIME_ERROR, f"exit status {trace.ending.status}")
    return found


def _judge_output(trace: Trace, case: StdinCase, checker: Checker) -> Judgement:
    printed = trace.output.stdout
    outcome = checker(case.stdout.encode("utf-8", "surrogatepass"), printed)
    if outcome is Outcome.ACCEPTED:
        return Judgement(outcome)
    text = printed.decode("utf-8", "replace")
    return Judgement(outcome, difference=differences.of_output(case.stdout, text))


def _judge_value(trace: Trace, case: CallCase) -> Judgement:
    said = trace.said
    if said.keys().isdisjoint({"value", "seen", "unseen"}):
        return Judgement(Outcome.NO_RESULT, "the program ended before the function returned")
    try:
        value = values.untag(said.get("value", _LONG))
        seen = values.untag(said["seen"]) if "seen" in said else value
    except values.MalformedValueError:
        return Judgement(Outcome.NO_RESULT, "the program wrote something else where its result belongs")
    returned = explain.of_value(value)
    if ("seen" in said) is not bool(case.views):
        message = explain.printable(f"returned {returned}; {said.get('unseen', 'nothing was seen of it')}")
        return Judgement(Outcome.WRONG_ANSWER, message, returned)
    is_another = case.equality is Equality.IDENTITY and ALIKE in said
    if not is_another and equal(case.expected, seen, case.equality, case.tolerance):
        return Judgement(Outcome.ACCEPTED, returned=returned)
    message = f"returned {returned}"[: explain.MESSAGE_LIMIT]
    return Judgement(Outcome.WRONG_ANSWER, message, returned, difference=_difference(case, value))


def _difference(case: CallCase, value: object) -> Difference | None:
    """Found here, where the value is at hand: a decoded report may take a hundred megabytes."""
    if case.views or case.equality not in {Equality.JSON, Equality.NUMBERS, Equality.PYTHON}:
        return None
    return differences.of_value(case.expected, value, lambda one, other: equal(one, other, case.equality))


def result_of_remote(candidate: Trace, tests: Trace, limits: Limits, limits_of_tests: Limits) -> TestResult:
    """The result of a test of two jails: accepted only if the tests say so and the program broke no limit.

    `candidate` is the trace of the program's jail, `tests` that of the tests' jail. The result shows the
    program's streams and usage.
    """
    told = _findings(tests)
    judgement = (
        _limit_reached(candidate, limits)
        or _limit_of_tests(tests, limits_of_tests)
        or _judge_findings(candidate, told)
    )
    integrity = Integrity.WEAK if told.get("weak") is True else Integrity.STRONG
    return replace(_result(candidate, judgement), integrity=integrity)


def _findings(tests: Trace) -> dict[str, Any]:
    """What the tests' jail reported; empty when it did not."""
    try:
        told = values.untag(tests.said.get("value"))
    except values.MalformedValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _limit_of_tests(tests: Trace, limits: Limits) -> Judgement | None:
    """Tests that are good for other programs run out of something on what this one answers."""
    found = _limit_reached(tests, limits)
    return replace(found, message=f"in the tests: {found.message}") if found else None


def _judge_findings(candidate: Trace, told: dict[str, Any]) -> Judgement:  # noqa: PLR0911 - one an ending
    match told.get("ended"):
        case Ended.PASSED:
            return _crash(candidate) or Judgement(Outcome.ACCEPTED)
        case Ended.FAILED | Ended.ERROR:
            return Judgement(Outcome.WRONG_ANSWER, explain.of_error(told, explain.TESTS_FILE))
        case Ended.CROSSED if told.get("type") in _NO_MEMORY:
            return Judgement(Outcome.MEMORY_LIMIT, explain.of_error(told))
        case Ended.CROSSED:
            return Judgement(Outcome.RUNTIME_ERROR, explain.of_error(told), error=_program_error(told))
        case Ended.CANDIDATE_GONE:
            gone = Judgement(Outcome.NO_RESULT, "the program ended before its tests did")
            return _crash(candidate) or gone
        case Ended.TEST_FAULT:
            fault = explain.of_error(told, explain.TESTS_FILE)
            return Judgement(Outcome.INVALID_TEST, f"the test can judge no program: {fault}")
    return Judgement(Outcome.INVALID_TEST, "the tests ended without saying how")


def _result(
    trace: Trace, judgement: Judgement, *, streams: bool = True, shown_bytes: int = _SHOWN_BYTES
) -> TestResult:
    ending, output = trace.ending, trace.output
    whole = not output.overflowed and len(output.stdout) <= shown_bytes
    printed = output.stdout[:shown_bytes] if streams else b""
    # A cut may tear a character, which the program printed whole.
    stdout, read_bytes = codecs.utf_8_decode(printed, "replace", whole)
    return TestResult(
        outcome=judgement.outcome,
        stdout=stdout,
        stderr=output.stderr[:shown_bytes].decode("utf-8", "replace"),
        cpu_s=round(ending.cpu_s, 6),
        wall_s=round(ending.wall_s, 6),
        memory_bytes=ending.memory_bytes,
        message=judgement.message,
        returned=judgement.returned,
        exit_code=ending.status,
        limit=judgement.limit,
        signal=judgement.signal,
        error=judgement.error,
        difference=judgement.difference,
        files=trace.files,
        raw_stdout=printed[:read_bytes] if "\ufffd" in stdout else None,
        truncated=output.overflowed or max(len(output.stdout), len(output.stderr)) > shown_bytes,
        fork_s=ending.fork_s,
    )
