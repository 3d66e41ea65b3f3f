"""How much of the corpus is contained, at each tier of this machine: `python -m tests.isolation.report`.

Contained is what is so in a box of one test and in one that forks several.
It exits non-zero when anything is not contained, and lists what.
"""

import asyncio
import sys
from collections import Counter
from dataclasses import dataclass, field

import structlog

from sandbox_runner.domain.verdict import Outcome, Tier
from sandbox_runner.sandbox import open_sandbox
from sandbox_runner.settings import Settings
from tests.isolation.bait import laid_out
from tests.isolation.conftest import Arena
from tests.isolation.corpus.every import BY_LETTER
from tests.isolation.running import contain

_TITLES = {
    "A": "resources",
    "B": "processes and signals",
    "C": "files",
    "D": "network and channels",
    "E": "kernel surface",
    "F": "grader integrity",
    "X": "inventions",
}


@dataclass(slots=True)
class Score:
    tier: Tier
    ran: Counter[str] = field(default_factory=Counter)
    contained: Counter[str] = field(default_factory=Counter)
    false_passes: int = 0
    faults: list[str] = field(default_factory=list)


async def measure(*, namespaces: bool) -> Score:
    with laid_out() as bait:
        async with open_sandbox(Settings(namespaces=namespaces)) as sandbox:
            arena, score = Arena(sandbox), Score(sandbox.readiness.tier)
            for letter, attacks in BY_LETTER.items():
                for attack in attacks:
                    if attack.needs_namespaces and not arena.isolated:
                        continue
                    both = [await contain(arena, attack, bait, tests=tests) for tests in (1, 2)]
                    faults = [fault for containment in both for fault in containment.faults]
                    score.ran[letter] += 1
                    score.contained[letter] += not faults
                    passed = [each for each in both if each.result.outcome is Outcome.ACCEPTED]
                    score.false_passes += letter == "F" and bool(passed)
                    score.faults += [f"{score.tier} {attack.label}: {fault}" for fault in faults]
                _show_progress(f"{score.tier} {letter}: {score.contained[letter]}/{score.ran[letter]}")
    return score


def table(scores: list[Score]) -> str:
    lines = [" ".join([f"{'contained / run':26}", *(f"{score.tier:>9}" for score in scores)])]
    for letter, title in _TITLES.items():
        counts = (f"{score.contained[letter]}/{score.ran[letter]}" for score in scores)
        lines.append(" ".join([f"{letter}  {title:23}", *(f"{count:>9}" for count in counts)]))
    totals = (f"{score.contained.total()}/{score.ran.total()}" for score in scores)
    lines.append(" ".join([f"{'all':26}", *(f"{total:>9}" for total in totals)]))
    lines.append(" ".join([f"{'false passes':26}", *(f"{score.false_passes:>9}" for score in scores)]))
    return "\n".join(lines)


def _show_progress(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - a report prints


async def _measure_all() -> list[Score]:
    strongest = await measure(namespaces=True)
    return [strongest] if strongest.tier is Tier.T1 else [await measure(namespaces=False), strongest]


def main() -> int:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    scores = asyncio.run(_measure_all())
    faults = [fault for score in scores for fault in score.faults]
    print("\n".join([table(scores), *faults]))  # noqa: T201
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
