"""Stage `evaluate`: the gates, and the critic beside its baselines, on unseen compositions.

What is measured is what `export` wrote, and the figures go into its manifests.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from service.domain.chat import Sampling
from service.domain.templates import CRITIC_TEMPLATE
from training.evaluate.critics import Contentless, ModelReviewer, Oracle, Reviewed, Reviewer, TrueVerdict
from training.evaluate.gates import Gate, critic_gates, leverage_gates
from training.evaluate.measures import Summary, summarize
from training.evaluate.report import LEGEND, gate_table, trial_tables
from training.evaluate.trial import Bench, keep_trial, resample_trial, run_trial
from training.generation import TransformersWriter, Writer
from training.judging import sandbox_service
from training.manifest import write_manifest
from training.options import Options
from training.run import Record, Run
from training.tasks.mini import Problem, Split, problems

_CRITIQUE_TOKENS = 256
PAPER = Sampling(temperature=0.7, top_p=0.8, max_tokens=_CRITIQUE_TOKENS)
GREEDY = Sampling(temperature=0.0, max_tokens=_CRITIQUE_TOKENS)
_OOD = (Split.OOD_LONGER, Split.OOD_PHRASING)


def run_stage(run: Run, options: Options) -> None:
    """Write `evaluation.json` and print the tables."""
    base = TransformersWriter(options.weights / "generator")
    critic = TransformersWriter(options.weights / "critic")
    with sandbox_service(options.sandbox_url) as url:
        bench = Bench(base, url)
        drafts = _drafts(bench, run, Split.TEST)
        gates = leverage_gates(bench, drafts)
        summaries = _trials(bench, drafts, base, critic, run)
        gates += critic_gates(next(s for s in summaries if s.name == CRITIC))
        ood = {split.value: _trials_ood(bench, run, split, critic) for split in _OOD}
    _write(run.file("evaluation.json"), gates, {"test": summaries} | ood)
    for role in ("generator", "critic"):
        write_manifest(options.weights / role, role, {"metrics": _metrics(gates)})
    console = Console()
    console.print(gate_table(gates))
    for name, rows in ({"test": summaries} | ood).items():
        console.print(*trial_tables(name, rows))
    console.print(LEGEND)


CRITIC = "critic (SFT), greedy"


def _drafts(bench: Bench, run: Run, split: Split) -> list[Reviewed]:
    """The configured number of problems, several drafts each."""
    config = run.config.evaluate
    count = config.ood_problems if split in _OOD else config.problems
    drawn: list[Problem] = list(problems(split, run.config.seed, count))
    return [
        item for sample in range(config.samples) for item in bench.drafts(drawn, run.config.seed + sample)
    ]


def _trials(
    bench: Bench, drafts: Sequence[Reviewed], base: Writer, critic: Writer, run: Run
) -> list[Summary]:
    rounds = run.config.evaluate.rounds
    reviewers: dict[str, Reviewer] = {
        "contentless critique": Contentless(),
        "true verdict alone †": TrueVerdict(),
        "self-critique (base)": ModelReviewer(base, CRITIC_TEMPLATE, PAPER),
        "self-critique, hints †": ModelReviewer(base, CRITIC_TEMPLATE, PAPER, hinted=True),
        "critic (SFT), T=0.7": ModelReviewer(critic, CRITIC_TEMPLATE, PAPER),
        CRITIC: ModelReviewer(critic, CRITIC_TEMPLATE, GREEDY),
        "oracle †": Oracle(),
    }
    trials = [keep_trial(drafts), resample_trial(bench, drafts, run.config.seed + 1000)]
    trials += [run_trial(name, bench, drafts, reviewer, rounds) for name, reviewer in reviewers.items()]
    return [summarize(trial, drafts) for trial in trials]


def _trials_ood(bench: Bench, run: Run, split: Split, critic: Writer) -> list[Summary]:
    drafts = _drafts(bench, run, split)
    reviewers: dict[str, Reviewer] = {
        CRITIC: ModelReviewer(critic, CRITIC_TEMPLATE, GREEDY),
        "oracle †": Oracle(),
    }
    trials = [resample_trial(bench, drafts, run.config.seed + 1000)]
    trials += [run_trial(n, bench, drafts, r, run.config.evaluate.rounds) for n, r in reviewers.items()]
    return [summarize(trial, drafts) for trial in trials]


def _metrics(gates: Sequence[Gate]) -> Record:
    return {gate.name: asdict(gate.figure) for gate in gates}


def _write(path: Path, gates: Sequence[Gate], trials: dict[str, list[Summary]]) -> None:
    record = {
        "gates": [asdict(gate) | {"holds": gate.holds} for gate in gates],
        "trials": {split: [asdict(summary) for summary in rows] for split, rows in trials.items()},
    }
    path.write_text(json.dumps(record, indent=1))
