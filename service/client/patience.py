"""When to ask again: a gateway that is full or starting is not a failure yet."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from service.client.errors import GatewayError, ProblemError, UnreachableError

REFUSALS = (429, 503)
"""Statuses of a request that was not begun, and may be sent again."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How much waiting one call is worth, all its waits together; 0 asks once."""

    busy_s: float = 60.0
    """For a gateway that says that it is full."""
    unreachable_s: float = 10.0
    """For one that does not answer: it may be starting."""
    first_wait_s: float = 0.25
    longest_wait_s: float = 10.0
    told: Callable[[GatewayError], None] | None = None
    """Hears of each failure after which is asked again."""


@dataclass(slots=True)
class Waits:
    """The waits of one call."""

    patience: Patience
    spent_s: float = 0.0
    attempts: int = 0

    def after(self, error: GatewayError, *, repeatable: bool = True) -> float | None:
        """Return how long to wait before asking again; None where that is no use, or no longer.

        `repeatable` says whether what may have been carried out already may be asked for again.
        """
        wait_s = self._wait_s(error, repeatable=repeatable)
        if wait_s is not None and self.patience.told is not None:
            self.patience.told(error)
        return wait_s

    def _wait_s(self, error: GatewayError, *, repeatable: bool) -> float | None:
        match error:
            case ProblemError() if error.status in REFUSALS:
                return self._next_s(self.patience.busy_s, error.retry_after_s)
            case UnreachableError() if repeatable or not error.was_sent:
                return self._next_s(self.patience.unreachable_s)
        return None

    def _next_s(self, budget_s: float, asked_s: float | None = None) -> float | None:
        """What the gateway asked for is honoured: coming back sooner would be in vain."""
        patience = self.patience
        doubled_s = min(patience.first_wait_s * 2.0**self.attempts, patience.longest_wait_s)
        wait_s = max(doubled_s * random.uniform(0.5, 1.0), asked_s or 0.0)  # noqa: S311 - scatters a herd
        self.attempts += 1
        if self.spent_s + wait_s > budget_s:
            return None
        self.spent_s += wait_s
        return wait_s

    def progressed(self) -> None:
        """Begin anew: what was asked for is coming."""
        self.spent_s, self.attempts = 0.0, 0


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Read when to come back, in any of the three ways it is said."""
    try:
        if milliseconds := headers.get("retry-after-ms"):
            return max(0.0, float(milliseconds) / 1000)
        value = headers.get("retry-after", "")
        if value.strip().isdigit():
            return float(value)
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
