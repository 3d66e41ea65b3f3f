"""How much a tenant may ask for within a minute, counted by the generic cell rate algorithm.

A bucket of a minute's worth that refills evenly; all it has to remember is when it will be full again.
A burst of a whole bucket may follow a quiet minute, so that two minutes' worth fit into a minute at most.
"""

from dataclasses import dataclass
from typing import Protocol

MINUTE_S = 60.0
_ROUNDING_S = 1e-6


@dataclass(slots=True)
class Bucket:
    """One limit of one tenant."""

    limit: int
    full_at: float = float("-inf")

    def wait_s(self, amount: int, now: float) -> float:
        """How long until an amount is there."""
        wait_s = self._after(amount, now) - now - MINUTE_S
        return wait_s if wait_s > _ROUNDING_S else 0.0

    def take(self, amount: int, now: float) -> None:
        """Take an amount, though it be more than there is; give back a negative one."""
        self.full_at = self._after(amount, now)

    def level(self, now: float) -> "Level":
        reset_s = max(0.0, self.full_at - now)
        left = int((MINUTE_S - reset_s) * self.limit / MINUTE_S + _ROUNDING_S)
        return Level(self.limit, max(0, left), reset_s)

    def _after(self, amount: int, now: float) -> float:
        return max(self.full_at, now) + amount * MINUTE_S / self.limit


@dataclass(frozen=True, slots=True)
class Level:
    """What is left of a limit, and when all of it will be."""

    limit: int
    remaining: int
    reset_s: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What came of a reservation."""

    granted: bool
    wait_s: float
    """Granted: how long to wait before beginning. Refused: when to ask again."""
    requests: Level | None = None
    tokens: Level | None = None


class Limits(Protocol):
    """Where tenants' use is counted. Each call is atomic."""

    def set_aside(self, tenant: str) -> int:
        """Say how many tokens are reserved for a request of the tenant's: what it costs is not known yet."""

    async def reserve(self, tenant: str, tokens: int, patience_s: float) -> Standing:
        """Take a request and the tokens it may cost, if they are there within `patience_s`; else nothing."""

    async def reserve_more(self, tenant: str, tokens: int, patience_s: float) -> Standing:
        """The same for further tokens of a request at work."""

    async def settle(self, tenant: str, tokens: int) -> None:
        """Take what a request cost beyond what was reserved, or give the rest back (a negative number)."""


class Unlimited:
    """No tenant has a limit."""

    def set_aside(self, tenant: str) -> int:
        return 0

    async def reserve(self, tenant: str, tokens: int, patience_s: float) -> Standing:
        return Standing(granted=True, wait_s=0.0)

    async def reserve_more(self, tenant: str, tokens: int, patience_s: float) -> Standing:
        return Standing(granted=True, wait_s=0.0)

    async def settle(self, tenant: str, tokens: int) -> None:
        pass
