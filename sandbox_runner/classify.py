"""Turn the trace of a test into its result. Every rule that decides an outcome is here."""

import signal
from dataclasses import dataclass

from sandbox_runner import explain
from sandbox_runner.box import Trace
from sandbox_runner.cases import CallCase, Case, StdinCase
from sandbox_runner.checkers import CHECKERS
from sandbox_runner.comparison import equal
from sandbox_runner.jail import values
from sandbox_runner.verdict import Limits, Outcome, TestResult

# A submission may have a thousand tests, and the verdict holds what all of them printed.
_SHOWN_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Judgement:
    outcome: Outcome
    message: str = ""
    returned: str | None = None


def result_of_compilation(trace: Trace, limits: Limits) -> TestResult | None:
    """None when the program compiled."""
    if trace.ending.status == 0:
        return None
    limit = _limit_reached(trace, limits)
    message = explain.of_error(trace.error) if trace.error else "the program could not be compiled"
    judgement = Judgement(Outcome.COMPILE_ERROR, limit.message if limit else message)
    return _result(trace, judgement, streams=False)


def result_of_run(trace: Trace, limits: Limits) -> TestResult:
    judgement = _failure(trace, limits) or Judgement(Outcome.ACCEPTED)
    return _result(trace, judgement, shown_bytes=limits.output_bytes)


def result_of_case(trace: Trace, case: Case, checker: str, limits: Limits) -> TestResult:
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
        return Judgement(Outcome.TIME_LIMIT, f"more than {limits.cpu_s:g} s of CPU time")
    if ending.stopped == "wall":
        return Judgement(Outcome.TIME_LIMIT, f"more than {limits.wall_s:g} s")
    ran_out = trace.error is not None and trace.error.get("type") == "MemoryError"
    if trace.out_of_memory or ran_out or ending.memory_bytes > limits.memory_bytes:
        return Judgement(Outcome.MEMORY_LIMIT, f"more than {limits.memory_bytes} bytes of memory")
    return None


def _crash(trace: Trace) -> Judgement | None:
    status = trace.ending.status
    if status == -signal.SIGSYS:
        return Judgement(Outcome.FORBIDDEN_SYSCALL, "a system call that no program here may make")
    if status < 0:
        return Judgement(Outcome.RUNTIME_ERROR, explain.of_signal(-status))
    if trace.error is not None:
        return Judgement(Outcome.RUNTIME_ERROR, explain.of_error(trace.error))
    return None


def _failure(trace: Trace, limits: Limits) -> Judgement | None:
    found = _limit_reached(trace, limits) or _crash(trace)
    if found is None and trace.ending.status != 0:
        return Judgement(Outcome.RUNTIME_ERROR, f"exit status {trace.ending.status}")
    return found


def _judge_output(trace: Trace, case: StdinCase, checker: str) -> Judgement:
    return Judgement(CHECKERS[checker](case.stdout.encode("utf-8", "surrogatepass"), trace.output.stdout))


def _judge_value(trace: Trace, case: CallCase) -> Judgement:
    if "value" not in trace.said:
        return Judgement(Outcome.NO_RESULT, "the program ended before the function returned")
    try:
        value = values.untag(trace.said["value"])
    except values.MalformedValueError:
        return Judgement(Outcome.NO_RESULT, "the program wrote something else where its result belongs")
    returned = explain.of_value(value)
    if equal(case.expected, value, case.equality):
        return Judgement(Outcome.ACCEPTED, returned=returned)
    return Judgement(Outcome.WRONG_ANSWER, f"returned {returned}"[: explain.MESSAGE_LIMIT], returned)


def _result(
    trace: Trace, judgement: Judgement, *, streams: bool = True, shown_bytes: int = _SHOWN_BYTES
) -> TestResult:
    ending, output = trace.ending, trace.output
    return TestResult(
        outcome=judgement.outcome,
        stdout=output.stdout[:shown_bytes].decode("utf-8", "replace") if streams else "",
        stderr=output.stderr[:shown_bytes].decode("utf-8", "replace"),
        cpu_s=round(ending.cpu_s, 6),
        wall_s=round(ending.wall_s, 6),
        memory_bytes=ending.memory_bytes,
        message=judgement.message,
        returned=judgement.returned,
        exit_code=ending.status,
    )
