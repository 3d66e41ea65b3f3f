"""Remember verdicts, so that the same question is not answered twice by running programs.

A program may be random: a cached verdict repeats the first one. Not remembered is what says more about the
moment than about the program.
"""

import hashlib
import platform
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from importlib.metadata import version

from sandbox_runner.admission.admitted import AdmittedJudge
from sandbox_runner.admission.joining import Joining, Key
from sandbox_runner.domain.cases import Program, Submission
from sandbox_runner.domain.verdict import Outcome, TestResult, Tier
from sandbox_runner.judging import Judge
from sandbox_runner.metrics import Metrics

Results = tuple[TestResult, ...]

CACHEABLE = frozenset(
    {
        Outcome.ACCEPTED,
        Outcome.WRONG_ANSWER,
        Outcome.PRESENTATION_ERROR,
        Outcome.OUTPUT_LIMIT,
        Outcome.RUNTIME_ERROR,
        Outcome.COMPILE_ERROR,
        Outcome.FORBIDDEN_SYSCALL,
        Outcome.NO_RESULT,
    }
)
"""Outcomes that another run would give again. Time and memory depend on the load of the machine; what was
cancelled or broke on our side is no verdict."""
_UNLESS_KILLED = frozenset({Outcome.RUNTIME_ERROR, Outcome.COMPILE_ERROR})
"""A signal may come from a kernel short of memory, and a compilation may have been stopped by a limit."""
_OVERHEAD_BYTES = 512
_LARGEST_SHARE = 8


class VerdictCache:
    """Least recently used verdicts leave first, by bytes and by number."""

    def __init__(self, max_bytes: int, max_entries: int, tier: Tier, metrics: Metrics) -> None:
        self._max_bytes = max_bytes
        self._max_entries = max_entries
        # To another version, Python or tier the same is another question, wherever its key may get to.
        self._grader = f"{version('ctrl-refine')} {platform.python_version()} {tier}"
        self._metrics = metrics
        self._entries: OrderedDict[Key, tuple[Results, int]] = OrderedDict()
        self._bytes = 0
        self.joining = Joining()

    @property
    def largest_entry_bytes(self) -> int:
        return self._max_bytes // _LARGEST_SHARE

    def key(self, tenant: str, submission: Submission) -> Key | None:
        """The digest of all that a verdict depends on; None where there is no cache or no spelling."""
        if self._max_bytes == 0:
            return None
        try:
            # The repr of plain data tells 1 from True and from 1.0.
            question = repr((self._grader, tenant, submission))
        except (ValueError, RecursionError):
            return None
        return hashlib.sha256(question.encode("utf-8", "surrogatepass")).digest()

    def get(self, key: Key) -> Results | None:
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries.move_to_end(key)
        self._metrics.cache_hits.inc()
        return found[0]

    def put(self, key: Key, results: Results, size: int) -> None:
        self._forget(key)
        self._entries[key] = (results, size)
        self._bytes += size
        while self._bytes > self._max_bytes or len(self._entries) > self._max_entries:
            self._forget(next(iter(self._entries)))
        self._metrics.cache_bytes.set(self._bytes)

    def _forget(self, key: Key) -> None:
        spent = self._entries.pop(key, None)
        if spent is not None:
            self._bytes -= spent[1]


class CachedJudge(Judge):
    """One tenant's view of the cache, in front of the judge that runs what is not in it."""

    def __init__(self, judge: AdmittedJudge, cache: VerdictCache, tenant: str, *, leads: bool = True) -> None:
        """`leads`: whether others may wait for this one; not where its client sets the pace."""
        self._judge = judge
        self._cache = cache
        self._tenant = tenant
        self._leads = leads

    async def results(self, submission: Submission) -> AsyncGenerator[TestResult, None]:
        key = self._cache.key(self._tenant, submission)
        known = None if key is None else await self._known(key)
        if known is not None:
            for result in known:
                yield result
            return
        kept = _Kept(0 if key is None else self._cache.largest_entry_bytes)
        with self._cache.joining.lead(key if self._leads else None, self._judge) as led:
            async with aclosing(self._judge.results(submission)) as results:
                async for result in results:
                    kept.add(result)
                    if not kept.worthy:
                        led.release()
                    yield result
            if key is not None and kept.worthy:
                self._cache.put(key, tuple(kept.results), kept.size)

    async def _known(self, key: Key) -> Results | None:
        """The verdict that is remembered, or about to be."""
        known = self._cache.get(key)
        if known is not None:
            return known
        await self._cache.joining.wait(key, self._judge.left_s)
        return self._cache.get(key)

    async def run(self, program: Program) -> TestResult:
        return await self._judge.run(program)


class _Kept:
    """The results of a judging under way, until one shows that the whole is not to be remembered."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.results: list[TestResult] = []
        self.size = _OVERHEAD_BYTES
        self.worthy = True

    def add(self, result: TestResult) -> None:
        self.size += _bytes_of(result)
        self.results.append(result)
        if not _repeatable(result) or self.size > self._max_bytes:
            self.worthy = False
            self.results.clear()


def _repeatable(result: TestResult) -> bool:
    killed = result.exit_code is not None and result.exit_code < 0
    return result.outcome in CACHEABLE and not (killed and result.outcome in _UNLESS_KILLED)


def _bytes_of(result: TestResult) -> int:
    # Four bytes hold any character; most strings take one, and the bound is on the safe side.
    return _OVERHEAD_BYTES + 4 * result.characters
