"""One trial: drafts, then rounds of critique and revision, every candidate run in the sandbox."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from service.domain.chat import Sampling
from service.domain.critique import Critique, Judgment
from service.domain.extraction import extract_code
from service.domain.task import Candidate
from service.domain.templates import GENERATOR_TEMPLATE
from service.domain.verdict import Verdict
from training.evaluate.critics import Reviewed, Reviewer
from training.generation import Writer
from training.judging import judge_all
from training.tasks.mini import Problem

_PROPOSE_TOKENS = 192
GREEDY = Sampling(temperature=0.0, max_tokens=_PROPOSE_TOKENS)


@dataclass(frozen=True, slots=True)
class Bench:
    """What every trial shares: the frozen generator, the sandbox, and the verdicts known by now."""

    generator: Writer
    sandbox_url: str
    known: dict[tuple[str, str], Verdict] = field(default_factory=dict)
    """By problem id and code: different critics often lead to the same program."""

    def drafts(self, problems: Sequence[Problem], seed: int) -> list[Reviewed]:
        """One draft a problem, sampled at temperature 1."""
        sampling = Sampling(temperature=1.0, max_tokens=_PROPOSE_TOKENS, seed=seed)
        prompts = [GENERATOR_TEMPLATE.proposal(problem.task) for problem in problems]
        texts = [c.text for c in self.generator.write(prompts, sampling, "drafts")]
        return self.judged(problems, [extract_code(text) for text in texts])

    def revised(self, items: Sequence[Reviewed], critiques: Sequence[Critique]) -> list[Reviewed]:
        """Revise each candidate as its critique says, greedily."""
        pairs = zip(items, critiques, strict=True)
        prompts = [GENERATOR_TEMPLATE.revision(i.problem.task, Candidate(i.code), c) for i, c in pairs]
        texts = [c.text for c in self.generator.write(prompts, GREEDY, "revisions")]
        return self.judged([item.problem for item in items], [extract_code(text) for text in texts])

    def judged(self, problems: Sequence[Problem], codes: Sequence[str]) -> list[Reviewed]:
        """Run every candidate on all tests of its problem."""
        pairs = list(zip(problems, codes, strict=True))
        new = {(p.id, code): (p.judged_task, Candidate(code)) for p, code in pairs}
        new = {key: judging for key, judging in new.items() if key not in self.known}
        verdicts = judge_all(self.sandbox_url, list(new.values()), "judging")
        self.known.update(zip(new, verdicts, strict=True))
        return [Reviewed(p, code, self.known[p.id, code]) for p, code in pairs]


@dataclass(frozen=True, slots=True)
class Trial:
    """What one reviewer made of the same drafts.

    `passed[r][i]`: whether item i passes after round r (0 is the draft). `critiques` are of the drafts.
    """

    name: str
    passed: tuple[tuple[bool, ...], ...]
    critiques: tuple[Critique, ...]


def run_trial(name: str, bench: Bench, drafts: Sequence[Reviewed], reviewer: Reviewer, rounds: int) -> Trial:
    """Refine every draft up to `rounds` times, each until its reviewer says Correct."""
    current = list(drafts)
    passed = [_passing(current)]
    first: list[Critique] = []
    going = list(range(len(current)))
    for _ in range(rounds):
        critiques = reviewer.review([current[i] for i in going])
        first = first or critiques
        unhappy = [
            (i, c) for i, c in zip(going, critiques, strict=True) if c.judgment is not Judgment.CORRECT
        ]
        going = [i for i, _ in unhappy]
        revised = bench.revised([current[i] for i in going], [c for _, c in unhappy]) if going else []
        for i, item in zip(going, revised, strict=True):
            current[i] = item
        passed.append(_passing(current))
    return Trial(name, tuple(passed), tuple(first))


def resample_trial(bench: Bench, drafts: Sequence[Reviewed], seed: int) -> Trial:
    """The fresh draft that a critic has to beat: no critique, a second sample at temperature 1."""
    again = bench.drafts([item.problem for item in drafts], seed)
    return Trial("fresh resample", (_passing(drafts), _passing(again)), ())


def keep_trial(drafts: Sequence[Reviewed]) -> Trial:
    """Keep the draft."""
    return Trial("keep the draft", (_passing(drafts),), ())


def _passing(items: Sequence[Reviewed]) -> tuple[bool, ...]:
    return tuple(item.verdict.accepted for item in items)
