"""What a critic is told of a failed test: always the same lines, each bounded, nothing of a hidden test.

The lines quote the program: they are data for whoever reads them, never instructions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from sandbox_runner.domain import differences, explain
from sandbox_runner.domain.cases import CallCase, Case, RemoteCase, StdinCase
from sandbox_runner.domain.comparison import Equality, Tolerance, equal
from sandbox_runner.domain.verdict import Outcome, TestResult

FIELD_LIMIT = 400
_NOTHING = "-"
_BEFORE = FIELD_LIMIT // 4


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
    cases: Sequence[Case | RemoteCase], results: Sequence[TestResult], public: Sequence[bool]
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
        return of_test(case, result, public=shown)
    return None


def of_test(case: Case | RemoteCase, result: TestResult, *, public: bool) -> Feedback:
    """Of a hidden test only how it ended is told: the rest could show its input or expectation."""
    error = result.error
    told = {
        "outcome": str(result.outcome),
        "limit": result.limit or "",
        "signal": result.signal or "",
        "exception": _one_line(error.type) if error else "",
        "line": f"{explain.PROGRAM_FILE}:{error.line}" if error and error.line else "",
        "source": _one_line(error.source) if error else "",
    }
    if not public:
        return Feedback(**told)
    if error and error.text:
        told["exception"] = _one_line(f"{error.type}: {error.text}")
    match case:
        case StdinCase():
            told |= _of_output(case, result)
        case CallCase():
            told |= _of_call(case, result)
        case _:
            told["message"] = _one_line(result.message)
    return Feedback(**told)


def _of_output(case: StdinCase, result: TestResult) -> dict[str, str]:
    answered = result.outcome in (Outcome.WRONG_ANSWER, Outcome.PRESENTATION_ERROR)
    place = differences.in_text(case.stdout, result.stdout) if answered else None
    return {
        "input": _one_line(case.stdin),
        "expected": _one_line(case.stdout, _offset(case.stdout, place)),
        "actual": _one_line(result.stdout, _offset(result.stdout, place)),
        "differs_at": f"line {place[0]}, column {place[1]}" if place else "",
    }


def _of_call(case: CallCase, result: TestResult) -> dict[str, str]:
    return {
        "input": _one_line(_call(case)),
        "expected": _one_line(_expectation(case)),
        "actual": _one_line(result.returned or ""),
        "differs_at": _one_line(_path(case, result)),
    }


def _path(case: CallCase, result: TestResult) -> str:
    by_items = case.equality in (Equality.JSON, Equality.PYTHON) and not case.views
    if not by_items or result.outcome is not Outcome.WRONG_ANSWER or result.returned is None:
        return ""
    return differences.in_values(
        case.expected, result.value, lambda one, other: equal(one, other, case.equality)
    )


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


def _offset(text: str, place: tuple[int, int] | None) -> int:
    if place is None:
        return 0
    line, column = place
    return sum(len(each) + 1 for each in text.split("\n")[: line - 1]) + column - 1


def _one_line(text: str, around: int = 0) -> str:
    """A window of the text with what is not printable escaped; `around` is the place that must be in it."""
    start = max(0, around - _BEFORE) if len(text) > FIELD_LIMIT else 0
    window = text[start : start + FIELD_LIMIT]
    shown = explain.printable(window, FIELD_LIMIT).replace("\n", "\\n")
    cut = start + FIELD_LIMIT < len(text)
    bounded = shown if len(shown) <= FIELD_LIMIT and not cut else shown[: FIELD_LIMIT - 1] + "…"
    return "…" + bounded[: FIELD_LIMIT - 1] if start else bounded
