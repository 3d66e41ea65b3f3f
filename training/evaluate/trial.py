"""One trial: drafts, then rounds of critique and revision, every candidate run in the sandbox."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from service.domain.critique import Critique, Judgment, Parsed
from training.evaluate.critics import Remark, Reviewed, Reviewer
from training.evaluate.revision import UNREVISED, FirstRevision, first_revision

Flags = tuple[bool, ...]
Marks = tuple[bool | None, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """What one reviewer made of the same drafts, item by item."""

    name: str
    passed: tuple[Flags, ...]
    """`passed[r][i]`: whether item i passes after round r; 0 is the draft."""
    tokens: tuple[tuple[int, ...], ...]
    """`tokens[r][i]`: completion tokens of generator and critic for item i up to round r, the draft's too."""
    judged: tuple[Judgment | None, ...] = ()
    """First judgments, of the drafts; empty where nobody judges."""
    strict: Flags = ()
    """Whether the first critiques keep to the grammar."""
    similarity: tuple[float | None, ...] = ()
    """Edit similarity of the first revision to the draft in [0, 1]; None where there is no revision."""
    advice: Marks = ()
    """Whether the first suggestion is the careful reviewer's; None where no draft is rejected and revised,
    and where no reference is known."""
    letter: Marks = ()
    """Whether the first revision does to the letter what such a suggestion says; None where it is no edit."""

    def until(self, rounds: int) -> "Trial":
        """The trial as if it had ended after so many rounds."""
        return replace(self, passed=self.passed[: rounds + 1], tokens=self.tokens[: rounds + 1])

    def only(self, items: Sequence[int]) -> "Trial":
        """The trial of some items alone."""
        return replace(
            self,
            passed=tuple(tuple(row[i] for i in items) for row in self.passed),
            tokens=tuple(tuple(row[i] for i in items) for row in self.tokens),
            judged=tuple(self.judged[i] for i in items) if self.judged else (),
            strict=tuple(self.strict[i] for i in items) if self.strict else (),
            similarity=tuple(self.similarity[i] for i in items) if self.similarity else (),
            advice=tuple(self.advice[i] for i in items) if self.advice else (),
            letter=tuple(self.letter[i] for i in items) if self.letter else (),
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """At most so many rounds, fewer where the reviewer says Correct unless `stops` is off."""

    rounds: int
    stops: bool = True


NextCandidates = Callable[[int, Sequence[int], Sequence[Reviewed], Sequence[Critique]], list[Reviewed]]
"""Gives the next candidates, from the round (from 0), the items' places, the candidates and the critiques."""


@dataclass(slots=True)
class _Course:
    """A trial under way."""

    current: list[Reviewed]
    spent: list[int] = field(init=False)
    rounds: list[list[Reviewed]] = field(default_factory=list)
    tokens: list[tuple[int, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.spent = [item.tokens for item in self.current]
        self.end_round()

    def reviewed(self, places: Sequence[int], remarks: Sequence[Remark]) -> None:
        for place, remark in zip(places, remarks, strict=True):
            self.spent[place] += remark.tokens

    def revised(self, places: Sequence[int], items: Sequence[Reviewed]) -> None:
        for place, item in zip(places, items, strict=True):
            self.current[place] = item
            self.spent[place] += item.tokens

    def end_round(self) -> None:
        """Note the candidates; whether they pass is asked at the end, so that no round waits for tests."""
        self.rounds.append(list(self.current))
        self.tokens.append(tuple(self.spent))


def run_trial(
    name: str,
    drafts: Sequence[Reviewed],
    reviewer: Reviewer,
    next_candidates: NextCandidates,
    rule: Rule,
) -> Trial:
    """Refine every draft as the rule says."""
    course = _Course(list(drafts))
    first: list[Remark] = []
    revisions: dict[int, FirstRevision] = {}
    going = list(range(len(drafts)))
    for number in range(rule.rounds):
        remarks = reviewer.review([course.current[i] for i in going], _seed(name, number)) if going else []
        course.reviewed(going, remarks)
        first = first or remarks
        critiques = {place: remark.critique for place, remark in zip(going, remarks, strict=True)}
        going = [i for i, c in critiques.items() if not rule.stops or c.judgment is not Judgment.CORRECT]
        before = [course.current[i] for i in going]
        after = next_candidates(number, going, before, [critiques[i] for i in going])
        course.revised(going, after)
        if number == 0:
            each = zip(going, before, after, strict=True)
            revisions = {place: first_revision(old, critiques[place], new) for place, old, new in each}
        course.end_round()
    told = [revisions.get(place, UNREVISED) for place in range(len(drafts))]
    return Trial(
        name,
        tuple(map(passing, course.rounds)),
        tuple(course.tokens),
        tuple(remark.critique.judgment for remark in first),
        tuple(remark.critique.parsed is Parsed.STRICT for remark in first),
        tuple(one.similarity for one in told),
        tuple(one.advice for one in told),
        tuple(one.letter for one in told),
    )


def keep_trial(drafts: Sequence[Reviewed]) -> Trial:
    """Keep the draft."""
    return Trial("zero-shot", (passing(drafts),), (tuple(item.tokens for item in drafts),))


def passing(items: Sequence[Reviewed]) -> Flags:
    """Which items pass all their tests."""
    return tuple(item.accepted for item in items)


def _seed(name: str, number: int) -> int:
    """A seed of its own for each round of each trial, the same after a restart."""
    return zlib.crc32(f"{name}:{number}".encode()) % 2**31
