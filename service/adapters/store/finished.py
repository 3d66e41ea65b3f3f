"""Which finished jobs a process goes on keeping: memory is all there is.

They are let go when they are old. Where they are too many, or too large together, the tenant who has the most
there loses its oldest: nobody's results go because of somebody else's flood.
"""

from collections import Counter
from dataclasses import dataclass, field

from service.store import Job

MOST = 512
MOST_CHARS = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Ended:
    tenant: str
    chars: int
    until: float


@dataclass(slots=True)
class Finished:
    """Jobs that have ended, in the order in which they did."""

    most: int = MOST
    most_chars: int = MOST_CHARS
    _kept: dict[str, _Ended] = field(default_factory=dict)
    _jobs_of: Counter[str] = field(default_factory=Counter)
    _chars_of: Counter[str] = field(default_factory=Counter)

    def add(self, job: Job, chars: int, until: float) -> None:
        """Keep one, with so much text in it, until then."""
        self._kept[job.id] = _Ended(job.tenant, chars, until)
        self._jobs_of[job.tenant] += 1
        self._chars_of[job.tenant] += chars

    def let_go(self, now: float) -> list[str]:
        """Return the jobs that are not kept any longer."""
        gone: list[str] = []
        while (job_id := self._next(now)) is not None:
            ended = self._kept.pop(job_id)
            self._jobs_of[ended.tenant] -= 1
            self._chars_of[ended.tenant] -= ended.chars
            gone.append(job_id)
        return gone

    def _next(self, now: float) -> str | None:
        oldest = next(iter(self._kept), None)
        if oldest is None or self._kept[oldest].until <= now:
            return oldest
        if len(self._kept) > self.most:
            return self._oldest_of(self._jobs_of)
        if self._chars_of.total() > self.most_chars:
            largest = self._oldest_of(self._chars_of)
            # The latest is kept, however large it is: somebody waits for it.
            return None if largest == next(reversed(self._kept)) else largest
        return None

    def _oldest_of(self, shares: Counter[str]) -> str:
        tenant = max(shares, key=shares.__getitem__)
        return next(job_id for job_id, ended in self._kept.items() if ended.tenant == tenant)
