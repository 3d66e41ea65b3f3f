"""What all trials with one generator share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.domain.chat import Sampling
from service.domain.critique import Critique
from service.domain.extraction import extract_code
from service.domain.task import Candidate
from service.domain.templates import GENERATOR_TEMPLATE
from training.evaluate.critics import Reviewed
from training.evaluate.judge import Judge
from training.evaluate.posed import Posed
from training.writing.generation import Writer

Program = tuple[str, int]
"""Code, and the completion tokens spent on it."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A frozen generator, and who judges its programs."""

    generator: Writer
    judge: Judge
    sampling: Sampling
    """How drafts are drawn; revisions are greedy, with the same bound."""

    def drafted(self, problems: Sequence[Posed], seed: int) -> list[Program]:
        """One draft for each problem named."""
        prompts = [GENERATOR_TEMPLATE.proposal(problem.task) for problem in problems]
        completions = self.generator.write(prompts, replace(self.sampling, seed=seed), "drafts")
        return [(extract_code(c.text), c.usage.completion_tokens) for c in completions]

    def revised(self, items: Sequence[Reviewed], critiques: Sequence[Critique]) -> list[Reviewed]:
        """Revise each candidate as its critique says, greedily."""
        if not items:
            return []
        pairs = zip(items, critiques, strict=True)
        prompts = [GENERATOR_TEMPLATE.revision(i.problem.task, Candidate(i.code), c) for i, c in pairs]
        greedy = Sampling(temperature=0.0, max_tokens=self.sampling.max_tokens)
        completions = self.generator.write(prompts, greedy, "revisions")
        programs = [(extract_code(c.text), c.usage.completion_tokens) for c in completions]
        return self.judged([i.problem for i in items], programs)

    def judged(self, problems: Sequence[Posed], programs: Sequence[Program]) -> list[Reviewed]:
        """Have every candidate run on all tests of its problem."""
        pairs = zip(problems, programs, strict=True)
        return [Reviewed(p, code, self.judge.submit(p, code), tokens) for p, (code, tokens) in pairs]
