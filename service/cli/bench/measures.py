"""What is measured of a load, answer by answer."""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from service.client import GatewayError, ProblemError, UnreachableError

Json = dict[str, Any]

PERCENTS = (50, 90, 99)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. Times are from when the request came: a place that it waited for counts."""

    latency_s: float
    completion_tokens: int
    programs: int
    """Programs written by the loop, or judged."""
    models: Sequence[str]
    first_event_s: float | None = None
    first_text_s: float | None = None


@dataclass(slots=True)
class Measures:
    """What has been measured so far."""

    answers: list[Answer] = field(default_factory=list)
    refused: int = 0
    """Requests answered with 429: a quota, and no failure."""
    errors: Counter[str] = field(default_factory=Counter)
    overhead_ms: list[float] = field(default_factory=list)
    """The gateway's own time, of answers that came whole."""
    seconds: float = 0.0

    @property
    def ended(self) -> int:
        """How many requests have an end."""
        return len(self.answers) + self.refused + self.errors.total()

    def failed(self, error: GatewayError) -> None:
        """Count an error by its kind."""
        if isinstance(error, ProblemError) and error.status == HTTPStatus.TOO_MANY_REQUESTS:
            self.refused += 1
        else:
            self.errors[_kind(error)] += 1

    def a_second(self, total: float) -> float:
        return total / self.seconds if self.seconds else 0.0

    def document(self) -> Json:
        """Tell it to machines; what was not measured is null."""
        answers = self.answers
        return {
            "answered": len(answers),
            "refused_429": self.refused,
            "failed": self.errors.total(),
            "errors": dict(self.errors),
            "seconds": round(self.seconds, 3),
            "per_second": round(self.a_second(len(answers)), 3),
            "programs_per_second": round(self.a_second(sum(answer.programs for answer in answers)), 3),
            "completion_tokens_per_second": round(self.a_second(self.tokens), 1),
            "latency_s": spread([answer.latency_s for answer in answers]),
            "first_event_s": spread([a.first_event_s for a in answers if a.first_event_s is not None]),
            "first_text_s": spread([a.first_text_s for a in answers if a.first_text_s is not None]),
            "overhead_ms": spread(self.overhead_ms),
            "models": sorted({name for answer in answers for name in answer.models}),
        }

    @property
    def tokens(self) -> int:
        return sum(answer.completion_tokens for answer in self.answers)


def _kind(error: GatewayError) -> str:
    match error:
        case ProblemError():
            return f"{error.status} {error.problem.get('title', 'without a title')}"
        case UnreachableError():
            return "the connection broke" if error.was_sent else "nothing answers"
    return "no answer of a gateway"


def spread(values: Sequence[float]) -> Json | None:
    """Percentiles, the largest, and of how many; None of none."""
    if not values:
        return None
    cuts = statistics.quantiles(values, n=100, method="inclusive") if len(values) > 1 else [*values] * 99
    shown = {f"p{percent}": round(cuts[percent - 1], 6) for percent in PERCENTS}
    return {**shown, "max": round(max(values), 6), "samples": len(values)}
