"""The same drafts for every reviewer: written once, kept, and judged."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.domain.critique import Critique
from training.evaluate.bench import Bench
from training.evaluate.critics import Reviewed, Reviewer
from training.evaluate.group import UNKNOWN, Group, trial_from_json, trial_to_json
from training.evaluate.notebook import Notebook
from training.evaluate.posed import Posed
from training.evaluate.trial import Rule, Trial, keep_trial, run_trial
from training.run import Record

_FRESH_SEED = 1000
"""Seeds of fresh drafts lie this far apart, and from those of the first ones."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """Drafts of one generator on one split, and the trials made of them under `name` in the notebook."""

    name: str
    bench: Bench
    problems: Sequence[Posed]
    samples: int
    seed: int
    notebook: Notebook
    whole: "Drafted | None" = None
    """Where these are the drafts of the first problems of others."""

    def head(self, name: str, count: int) -> "Drafted":
        """The drafts of the first `count` problems, under a name of their own."""
        return replace(self, name=name, problems=self.problems[:count], whole=self)

    def places(self, count: int) -> list[int]:
        """Where the items of the first `count` problems are."""
        size = len(self.problems)
        return [place for place in range(size * self.samples) if place % size < count]

    def drafts(self, number: int = 0) -> list[Reviewed]:
        """The first drafts (0), or the fresh ones for a round."""
        if self.whole is not None:
            items = self.whole.drafts(number)
            return [items[place] for place in self.whole.places(len(self.problems))]
        what = f"{self.name}/fresh-{number}" if number else f"{self.name}/drafts"
        record = self.notebook.part(what, lambda: self._written(self.seed + _FRESH_SEED * number))
        codes, tokens = record["codes"], record["tokens"]
        assert isinstance(codes, list)
        assert isinstance(tokens, list)
        return self.bench.judged(self._each, list(zip(codes, tokens, strict=True)))

    def trial(self, key: str, name: str, reviewer: Reviewer, rule: Rule) -> Trial:
        """What a reviewer makes of the drafts."""

        def revised(
            _round: int, _places: Sequence[int], items: Sequence[Reviewed], critiques: Sequence[Critique]
        ) -> list[Reviewed]:
            return self.bench.revised(items, critiques)

        def work() -> Record:
            return trial_to_json(run_trial(name, self.drafts(), reviewer, revised, rule))

        return trial_from_json(self.notebook.part(f"{self.name}/{key}", work))

    def group(self, trials: dict[str, Trial]) -> Group:
        """Trials as they are reported, with the drafts kept as they are as the first of them."""
        lengths = tuple(map(_length, self.problems))
        kept = keep_trial(self.drafts())
        return Group(lengths, self.samples, {kept.name: kept} | trials)

    @property
    def has_references(self) -> bool:
        """Whether an oracle could review these."""
        return all(problem.reference is not None for problem in self.problems)

    @property
    def _each(self) -> list[Posed]:
        """The problem of each item."""
        return [*self.problems] * self.samples

    def _written(self, seed: int) -> Record:
        codes, tokens = zip(*self.bench.drafted(self._each, seed), strict=True)
        return {"codes": codes, "tokens": tokens}


def _length(problem: Posed) -> int:
    return UNKNOWN if problem.reference is None else len(problem.reference.steps) - 1
