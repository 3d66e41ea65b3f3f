"""Who may review in an evaluation: the models, and the baselines they have to beat."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from service.domain.chat import Sampling
from service.domain.critique import Critique
from service.domain.hints import hint
from service.domain.parsing import parse_critique
from service.domain.task import Candidate
from service.domain.templates import CriticTemplate
from service.domain.verdict import Verdict
from training.base.poor import vague_doubt, vague_praise
from training.generation import Writer
from training.tasks.mini import Problem
from training.tasks.review import careful_review


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A problem, a candidate for it, and the verdict that only some reviewers may see."""

    problem: Problem
    code: str
    verdict: Verdict


class Reviewer(Protocol):
    """Writes one critique for each candidate."""

    def review(self, items: Sequence[Reviewed]) -> list[Critique]:
        """Review all items."""


@dataclass(frozen=True, slots=True)
class ModelReviewer:
    """A critic model; with `hinted` it is told what the tests did (labelled wherever it is reported)."""

    writer: Writer
    template: CriticTemplate
    sampling: Sampling
    hinted: bool = False

    def review(self, items: Sequence[Reviewed]) -> list[Critique]:
        prompts = [
            self.template.request(
                item.problem.task,
                Candidate(item.code),
                hint(item.problem.judged_task, item.verdict) if self.hinted else None,
            )
            for item in items
        ]
        completions = self.writer.write(prompts, self.sampling, "critiques")
        return [parse_critique(c.text, truncated=c.finish_reason == "length") for c in completions]


@dataclass(frozen=True, slots=True)
class Oracle:
    """Knows the reference: names the first difference and its literal fix."""

    def review(self, items: Sequence[Reviewed]) -> list[Critique]:
        return [parse_critique(careful_review(i.problem.reference, i.code).text()) for i in items]


@dataclass(frozen=True, slots=True)
class Contentless:
    """Says "it is wrong" and no more, whatever the candidate."""

    seed: int = 0

    def review(self, items: Sequence[Reviewed]) -> list[Critique]:
        rng = random.Random(self.seed)
        return [parse_critique(vague_doubt(rng, i.problem.reference, i.code).text()) for i in items]


@dataclass(frozen=True, slots=True)
class TrueVerdict:
    """Knows whether the candidate is right, and says no more than that."""

    seed: int = 0

    def review(self, items: Sequence[Reviewed]) -> list[Critique]:
        rng = random.Random(self.seed)
        return [self._one(rng, item) for item in items]

    def _one(self, rng: random.Random, item: Reviewed) -> Critique:
        say = vague_praise if item.verdict.accepted else vague_doubt
        return parse_critique(say(rng, item.problem.reference, item.code).text())
