"""Who may review in an evaluation: the models, and the baselines they have to beat."""

import random
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Protocol

from service.domain.chat import Sampling
from service.domain.critique import Critique, Judgment
from service.domain.parsing import parse_critique
from service.domain.task import Candidate
from service.domain.templates import CRITIC_TEMPLATE, CriticTemplate
from training.base.poor import vague_doubt, vague_praise
from training.evaluate.judge import Ruling
from training.evaluate.posed import Posed
from training.tasks.review import careful_review
from training.writing.generation import Writer


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A problem, a candidate for it, and what the tests say of it, which only some reviewers may see."""

    problem: Posed
    code: str
    ruling: Future[Ruling]
    """Comes while models go on writing."""
    tokens: int = 0
    """Completion tokens that the generator spent on this candidate."""

    @property
    def accepted(self) -> bool:
        """Whether all tests pass; waits until they have run. Raises `SandboxError`."""
        return self.ruling.result().accepted

    @property
    def hint(self) -> str:
        """What the tests did, in words; waits like `accepted`."""
        return self.ruling.result().hint


@dataclass(frozen=True, slots=True)
class Remark:
    """A critique and the completion tokens it cost: none for a reviewer that is no model."""

    critique: Critique
    tokens: int = 0


class Reviewer(Protocol):
    """Writes one critique for each candidate."""

    def review(self, items: Sequence[Reviewed], seed: int) -> list[Remark]:
        """Review all items; what is drawn depends on `seed`."""


@dataclass(frozen=True, slots=True)
class ModelReviewer:
    """A critic model; with `hinted` it is told what the tests did (labelled wherever it is reported)."""

    writer: Writer
    sampling: Sampling
    hinted: bool = False
    template: CriticTemplate = CRITIC_TEMPLATE

    def review(self, items: Sequence[Reviewed], seed: int) -> list[Remark]:
        prompts = [
            self.template.request(item.problem.task, Candidate(item.code), item.hint if self.hinted else None)
            for item in items
        ]
        completions = self.writer.write(prompts, replace(self.sampling, seed=seed), "critiques")
        return [
            Remark(parse_critique(c.text, truncated=c.finish_reason == "length"), c.usage.completion_tokens)
            for c in completions
        ]


@dataclass(frozen=True, slots=True)
class ExecutionFeedback:
    """No critic: the generator is told what the tests did, and the verdict is the judgment."""

    def review(self, items: Sequence[Reviewed], seed: int) -> list[Remark]:
        return [Remark(Critique(item.hint, judgment=_true_judgment(item))) for item in items]


@dataclass(frozen=True, slots=True)
class Oracle:
    """Knows the reference: names the first difference and its literal fix."""

    def review(self, items: Sequence[Reviewed], seed: int) -> list[Remark]:
        return [self._one(item) for item in items]

    def _one(self, item: Reviewed) -> Remark:
        assert item.problem.reference is not None
        return _remark(careful_review(item.problem.reference, item.code).text())


@dataclass(frozen=True, slots=True)
class Contentless:
    """Says "it is wrong" and no more, whatever the candidate."""

    def review(self, items: Sequence[Reviewed], seed: int) -> list[Remark]:
        rng = random.Random(seed)
        return [_remark(vague_doubt(rng, item.problem.reference, item.code).text()) for item in items]


@dataclass(frozen=True, slots=True)
class TrueVerdict:
    """Knows whether the candidate is right, and says no more than that."""

    def review(self, items: Sequence[Reviewed], seed: int) -> list[Remark]:
        rng = random.Random(seed)
        return [self._one(rng, item) for item in items]

    def _one(self, rng: random.Random, item: Reviewed) -> Remark:
        say = vague_praise if item.accepted else vague_doubt
        return _remark(say(rng, item.problem.reference, item.code).text())


def _remark(text: str) -> Remark:
    return Remark(parse_critique(text))


def _true_judgment(item: Reviewed) -> Judgment:
    return Judgment.CORRECT if item.accepted else Judgment.INCORRECT
