"""Whether a training problem is one that a critic will be evaluated on, by the runs of words they share.

Not covered: a problem retold in other words, or translated.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from training.data.words import normalised_words

COMMON = 3
"""A run of words in so many evaluation problems is wording that a contest repeats, and no evidence."""
_COPY = 0.7
"""Overlap from which on two evaluation problems are one, that several sets hold in their own edition."""


@dataclass(frozen=True, slots=True)
class Match:
    """The evaluation problem that a text is most like; `overlap` is the share of shared runs."""

    evaluation: str
    overlap: float


class EvaluationIndex:
    """Runs of `ngram` words of all evaluation problems, as hashes.

    A text shorter than a run is compared as a whole: within a longer text, or, below half a run, with an
    equally short one only.
    """

    def __init__(self, problems: Iterable[tuple[str, str]], ngram: int, overlap: float) -> None:
        """`problems` are pairs of a place and a statement; what several sets hold counts once."""
        self._ngram = ngram
        self._overlap = overlap
        self._places: list[str] = []
        self._sizes: list[int] = []
        self._owners: defaultdict[int, list[int]] = defaultdict(list)
        self._short: dict[tuple[str, ...], str] = {}
        self._texts: list[str] = []
        seen: set[tuple[str, ...]] = set()
        for place, statement in problems:
            words = tuple(normalised_words(statement))
            if words and words not in seen:
                seen.add(words)
                self._add(place, words)
        self._drop_common()

    @property
    def problems(self) -> int:
        """How many different problems it holds."""
        return len(self._places)

    def match(self, statement: str) -> Match | None:
        """The evaluation problem that overlaps most, if it does by as much as is dropped."""
        words = tuple(normalised_words(statement))
        whole = self._whole(words)
        if whole is not None:
            return Match(whole, 1.0)
        best = self._most_shared(_runs(words, self._ngram) - self._common)
        if best is None or best[1] < self._overlap:
            return None
        return Match(self._places[best[0]], round(best[1], 3))

    def _most_shared(self, runs: set[int]) -> tuple[int, float] | None:
        """The evaluation problem that shares most runs, and their share of the shorter text's."""
        shared = Counter(owner for run in runs for owner in self._owners.get(run, ()))
        shares = ((owner, count / min(len(runs), self._sizes[owner])) for owner, count in shared.items())
        owner, share = max(shares, key=lambda pair: pair[1], default=(-1, 0.0))
        # Several editions of a problem have more runs than its first one.
        return None if owner < 0 else (owner, min(share, 1.0))

    def _add(self, place: str, words: tuple[str, ...]) -> None:
        runs = _runs(words, self._ngram)
        best = self._most_shared(runs)
        if best is not None and best[1] >= _COPY:
            owner = best[0]
        else:
            owner = len(self._places)
            self._places.append(place)
            self._texts.append(f" {' '.join(words)} ")
            self._sizes.append(len(runs))
        for run in runs:
            if owner not in self._owners[run]:
                self._owners[run].append(owner)
        if len(words) < self._ngram:
            self._short[words] = place

    def _drop_common(self) -> None:
        self._common = {run for run, owners in self._owners.items() if len(owners) >= COMMON}
        for run in self._common:
            for owner in self._owners.pop(run):
                self._sizes[owner] = max(1, self._sizes[owner] - 1)

    def _whole(self, words: tuple[str, ...]) -> str | None:
        """Where one of the two texts is shorter than a run: the evaluation problem that holds or is in it."""
        if words in self._short:
            return self._short[words]
        least = self._ngram // 2
        if least <= len(words) < self._ngram:
            text = f" {' '.join(words)} "
            return next((p for p, t in zip(self._places, self._texts, strict=True) if text in t), None)
        return next(self._short_within(words, least), None)

    def _short_within(self, words: tuple[str, ...], least: int) -> Iterator[str]:
        for length in sorted({len(short) for short in self._short if len(short) >= least}):
            for start in range(len(words) - length + 1):
                place = self._short.get(words[start : start + length])
                if place is not None:
                    yield place


def _runs(words: Sequence[str], length: int) -> set[int]:
    return {hash(tuple(words[start : start + length])) for start in range(len(words) - length + 1)}
