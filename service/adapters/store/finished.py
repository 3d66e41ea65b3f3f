"""Which finished jobs a process goes on keeping: memory is all there is.

They are let go when they are old. Where they are too many, or too large together, the tenant who has the most
there loses its oldest: nobody's results go because of somebody else's flood.
"""

from dataclasses import dataclass, field

from service.shares import Shares
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
    _jobs: Shares = field(default_factory=Shares)
    _chars: Shares = field(default_factory=Shares)

    def add(self, job: Job, chars: int, until: float) -> None:
        """Keep one, with so much text in it, until then."""
        self._kept[job.id] = _Ended(job.tenant, chars, until)
        self._jobs.add(job.tenant, 1)
        self._chars.add(job.tenant, chars)

    def let_go(self, now: float) -> list[str]:
        """Return the jobs that are not kept any longer."""
        gone: list[str] = []
        while (job_id := self._next(now)) is not None:
            self.drop(job_id)
            gone.append(job_id)
        return gone

    def drop(self, job_id: str) -> None:
        """Keep it no longer, if it is kept."""
        if (ended := self._kept.pop(job_id, None)) is not None:
            self._jobs.add(ended.tenant, -1)
            self._chars.add(ended.tenant, -ended.chars)

    def _next(self, now: float) -> str | None:
        oldest = next(iter(self._kept), None)
        if oldest is None or self._kept[oldest].until <= now:
            return oldest
        if len(self._kept) > self.most:
            return self._oldest_of(self._jobs.largest)
        if self._chars.total > self.most_chars:
            largest = self._oldest_of(self._chars.largest)
            # The latest is kept, however large it is: somebody waits for it.
            return None if largest == next(reversed(self._kept)) else largest
        return None

    def _oldest_of(self, tenant: str) -> str:
        return next(job_id for job_id, ended in self._kept.items() if ended.tenant == tenant)
