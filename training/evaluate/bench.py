"""What all trials with one generator share."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from service.domain.chat import Sampling
from service.domain.critique import Critique
from service.domain.errors import SandboxError
from service.domain.extraction import extract_code
from service.domain.task import Candidate
from service.domain.templates import GENERATOR_TEMPLATE
from service.domain.verdict import Outcome, Verdict
from training.evaluate.critics import Reviewed
from training.generation import Writer
from training.judging import judge_all
from training.tasks.mini import Problem

_PROPOSE_TOKENS = 192
_GREEDY = Sampling(temperature=0.0, max_tokens=_PROPOSE_TOKENS)

Known = dict[tuple[str, str], Verdict]
"""Verdicts by problem id and code: different critics often lead to the same program."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A frozen generator, the sandbox, and the verdicts known by now."""

    generator: Writer
    sandbox_url: str
    known: Known = field(default_factory=dict)

    def drafts(self, problems: Sequence[Problem], seed: int) -> list[Reviewed]:
        """One draft a problem, sampled at temperature 1."""
        sampling = Sampling(temperature=1.0, max_tokens=_PROPOSE_TOKENS, seed=seed)
        prompts = [GENERATOR_TEMPLATE.proposal(problem.task) for problem in problems]
        completions = self.generator.write(prompts, sampling, "drafts")
        tokens = [c.usage.completion_tokens for c in completions]
        return self.judged(problems, [extract_code(c.text) for c in completions], tokens)

    def revised(self, items: Sequence[Reviewed], critiques: Sequence[Critique]) -> list[Reviewed]:
        """Revise each candidate as its critique says, greedily."""
        if not items:
            return []
        pairs = zip(items, critiques, strict=True)
        prompts = [GENERATOR_TEMPLATE.revision(i.problem.task, Candidate(i.code), c) for i, c in pairs]
        completions = self.generator.write(prompts, _GREEDY, "revisions")
        tokens = [c.usage.completion_tokens for c in completions]
        return self.judged([i.problem for i in items], [extract_code(c.text) for c in completions], tokens)

    def judged(
        self, problems: Sequence[Problem], codes: Sequence[str], tokens: Sequence[int]
    ) -> list[Reviewed]:
        """Run every candidate on all tests of its problem. Raises `SandboxError`, never guesses."""
        pairs = list(zip(problems, codes, strict=True))
        new = {(p.id, code): (p.judged_task, Candidate(code)) for p, code in pairs}
        new = {key: judging for key, judging in new.items() if key not in self.known}
        verdicts = judge_all(self.sandbox_url, list(new.values()), "judging") if new else []
        unjudged = sum(verdict.outcome is Outcome.INTERNAL_ERROR for verdict in verdicts)
        if unjudged:
            raise SandboxError(f"the sandbox could not judge {unjudged} of {len(verdicts)} programs")
        self.known.update(zip(new, verdicts, strict=True))
        return [
            Reviewed(p, code, self.known[p.id, code], n) for (p, code), n in zip(pairs, tokens, strict=True)
        ]
