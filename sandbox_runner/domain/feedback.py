"""What a critic is told of a failed test: always the same lines, each bounded, nothing of a hidden test.

What a program says of its own end it may have made up, of its input too: of a hidden test only names of the
language are told, and lines of the submission as it was sent.

The lines quote the program: they are data for whoever reads them, never instructions.
"""

import builtins
from collections.abc import Sequence
from dataclasses import dataclass, fields

from sandbox_runner.domain import explain
from sandbox_runner.domain.cases import CallCase, Case, RemoteCase, StdinCase
from sandbox_runner.domain.comparison import Equality, Tolerance
from sandbox_runner.domain.explain import one_line
from sandbox_runner.domain.verdict import Difference, Outcome, ProgramError, TestResult

_NOTHING = "-"
_OWN_EXCEPTION = "an exception of the program's own"
_STANDARD_EXCEPTIONS = frozenset(
    name
    for name, member in vars(builtins).items()
    if isinstance(member, type) and issubclass(member, BaseException)
) | {"JSONDecodeError", "InvalidOperation"}
_NOWHERE = Difference("")


@dataclass(frozen=True, slots=True)
class Feedback:
    """Every field is one line of printable text; empty where there is nothing to say."""

    outcome: str
    limit: str = ""
    signal: str = ""
    exception: str = ""
    line: str = ""
    source: str = ""
    input: str = ""
    expected: str = ""
    actual: str = ""
    differs_at: str = ""
    message: str = ""

    @property
    def text(self) -> str:
        rows = ((field.name.replace("_", " "), getattr(self, field.name)) for field in fields(self))
        return "\n".join(f"{name}: {value or _NOTHING}" for name, value in rows)


def of_verdict(
    code: str, cases: Sequence[Case | RemoteCase], results: Sequence[TestResult], public: Sequence[bool]
) -> Feedback | None:
    """Feedback on the first public test that failed, else on the first hidden one; None when all passed.

    `results` may be shorter than `cases`, as where judging stopped at a failure.
    """
    failed = [
        (case, result, shown)
        for case, result, shown in zip(cases, results, public, strict=False)
        if result.outcome is not Outcome.ACCEPTED
    ]
    for case, result, shown in sorted(failed, key=lambda each: not each[2])[:1]:
        return of_test(code, case, result, public=shown)
    return None


def of_test(code: str, case: Case | RemoteCase, result: TestResult, *, public: bool) -> Feedback:
    """Of a hidden test only how it ended is told: the rest could show its input or expectation."""
    error = result.error
    source = _line(code, error.line) if error else None
    told = {
        "outcome": str(result.outcome),
        "limit": result.limit or "",
        "signal": result.signal or "",
        "exception": _name(error) if error else "",
        "line": f"{explain.PROGRAM_FILE}:{error.line}" if error and source is not None else "",
        "source": one_line(source or ""),
    }
    if result.outcome is Outcome.COMPILE_ERROR:  # which no test had a part in
        told["message"] = one_line(result.message)
    if not public:
        return Feedback(**told)
    if error:
        told["exception"] = one_line(": ".join(part for part in (error.type, error.text) if part))
    match case:
        case StdinCase():
            told |= _of_output(case, result) | {"message": one_line(_message(result))}
        case CallCase():
            answered = result.outcome is Outcome.WRONG_ANSWER  # and `actual` tells what
            told |= _of_call(case, result) | {"message": "" if answered else one_line(_message(result))}
        case _:
            told["message"] = one_line(result.message)
    return Feedback(**told)


def _message(result: TestResult) -> str:
    """How a program ended where `exception` does not tell, with what it said of that itself."""
    if result.error:
        return ""
    died = result.outcome is Outcome.RUNTIME_ERROR
    return ": ".join(part for part in (result.message, result.stderr.strip() * died) if part)


def _name(error: ProgramError) -> str:
    return error.type if error.type in _STANDARD_EXCEPTIONS else _OWN_EXCEPTION


def _line(code: str, number: int | None) -> str | None:
    """The line of that number, counted from 1 as in a traceback."""
    lines = code.splitlines()
    return lines[number - 1].strip() if number is not None and 0 < number <= len(lines) else None


def _of_output(case: StdinCase, result: TestResult) -> dict[str, str]:
    difference = result.difference or _NOWHERE
    return {
        "input": one_line(case.stdin),
        "expected": difference.expected or one_line(case.stdout),
        "actual": difference.actual or one_line(result.stdout),
        "differs_at": difference.at,
    }


def _of_call(case: CallCase, result: TestResult) -> dict[str, str]:
    return {
        "input": one_line(_call(case)),
        "expected": one_line(_expectation(case)),
        "actual": one_line(result.returned or ""),
        "differs_at": (result.difference or _NOWHERE).at,
    }


def _call(case: CallCase) -> str:
    arguments = [explain.of_value(argument) for argument in case.args]
    arguments += [f"{name}={explain.of_value(value)}" for name, value in case.kwargs.items()]
    return f"{case.entry_point}({', '.join(arguments)})"


def _expectation(case: CallCase) -> str:
    shown = explain.of_value(case.expected)
    tolerance = case.tolerance or Tolerance()
    match case.equality:
        case Equality.IDENTITY:
            shown = f"is {shown}"
        case Equality.TRUTH:
            shown = f"taken for {str(case.expected).lower()}"
        case Equality.CLOSE:
            shown = f"close to {shown} (rel {tolerance.rel:g}, abs {tolerance.abs:g})"
        case Equality.WITHIN:
            shown = f"within {tolerance.abs:g} of {shown}"
    views = " of ".join(view.name for view in reversed(case.views))
    return f"{views} of it: {shown}" if views else shown
