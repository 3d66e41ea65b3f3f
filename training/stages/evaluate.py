"""Stage `evaluate`: the critics beside their baselines, on the same drafts of problems never seen.

Every part is kept as it is finished, so a killed evaluation goes on; figures go into the manifests too.
"""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from rich.console import Console

from service.domain.chat import Sampling
from training.cores import a_core_left
from training.evaluate import rows
from training.evaluate.bench import Bench
from training.evaluate.cast import BASE, CTRL, SFT, Cast
from training.evaluate.contest import (
    FEW_ROUNDS,
    every_row,
    few_rows,
    main_size_trials,
    size_rows,
    unstopped_rows,
)
from training.evaluate.drafted import Drafted
from training.evaluate.findings import (
    PAIRS,
    TEST,
    UNSTOPPED,
    Findings,
    gate_from_json,
    generator_group,
)
from training.evaluate.gates import Gate, critic_gates, leverage_gates
from training.evaluate.group import Group
from training.evaluate.judge import BackgroundJudge, Judge
from training.evaluate.measures import summarize
from training.evaluate.notebook import Notebook
from training.evaluate.pairs import DRAFTS, MISREAD, Pair, draw_pairs, misread_pairs
from training.evaluate.posed import Posed, elsewhere, held_out
from training.evaluate.reward_model import careful_pairs, scored_pairs
from training.evaluate.tables import LEGEND, gate_table, trial_tables
from training.judging import sandbox_service
from training.options import Options
from training.run import Record, Run
from training.weights.manifest import write_manifest

_PAIRED = {rows.SELF: BASE, rows.SFT: SFT, rows.CTRL: CTRL}


def run_stage(run: Run, options: Options) -> None:
    """Write `evaluation.json` and print the tables."""
    cast = Cast(run)
    notebook = Notebook(run.unfinished("evaluate"), cast.stamp())
    with (
        a_core_left(),
        sandbox_service(options.sandbox_url) as url,
        BackgroundJudge(url, notebook.folder / "rulings.jsonl") as judge,
    ):
        findings = _Evaluation(run, cast, notebook, judge).findings()
    findings.write(run.file("evaluation.json"))
    note_metrics(run, options.weights, findings)
    _print(findings)


def note_metrics(run: Run, weights: Path, findings: Findings) -> None:
    """Write figures into the manifests: of the gates, or of the critic alone where there are none.

    Not where what was exported last is another critic than the one that was evaluated.
    """
    if not run.is_done("export"):
        return
    figures = findings.gates or _critic_gates(findings.groups[TEST])
    for role in ("generator", "critic"):
        if (weights / role / f"{role}.json").is_file():
            write_manifest(weights / role, role, {"metrics": _metrics(figures)})


class _Evaluation:
    """One run's evaluation: its models, its notebook, its judge."""

    def __init__(self, run: Run, cast: Cast, notebook: Notebook, judge: Judge) -> None:
        self._run, self._config = run, run.config.evaluate
        self._cast, self._notebook, self._judge = cast, notebook, judge

    def findings(self) -> Findings:
        away = dict(elsewhere(self._run))
        test = self._drafted(TEST, held_out(self._run))
        # The bounds of the gates are those of the mini world.
        gates = self._leverage(test) if test.has_references else []
        groups = {TEST: every_row(test, self._cast, self._config.rounds)}
        if test.has_references:
            gates += _critic_gates(groups[TEST])
        few = test.head(UNSTOPPED, self._config.matrix_problems)
        groups[UNSTOPPED] = unstopped_rows(few, self._cast, self._config.rounds)
        for name, problems in away.items():
            groups[name] = few_rows(self._drafted(name, problems), self._cast, self._few_rounds)
        others = [size for size in self._cast.sizes(BASE) if size != rows.MAIN]
        if others:
            groups[generator_group(rows.MAIN)] = self._main_size(test, groups[TEST])
        groups |= {generator_group(size): self._other_size(size) for size in others}
        return Findings(
            groups, tuple(gates), self._pairs(test), self._parameters(), dict(self._notebook.seconds)
        )

    @property
    def _few_rounds(self) -> int:
        return min(FEW_ROUNDS, self._config.rounds)

    def _drafted(self, name: str, problems: Sequence[Posed], size: str = rows.MAIN) -> Drafted:
        solve = self._run.config.solve
        sampling = Sampling(solve.temperature, solve.top_p, self._config.max_program_tokens)
        bench = Bench(self._cast.writer(BASE, size), self._judge, sampling)
        return Drafted(name, bench, problems, self._config.samples, self._run.config.seed, self._notebook)

    def _main_size(self, test: Drafted, every: Group) -> Group:
        count = min(self._config.matrix_problems, len(test.problems))
        known = main_size_trials(every, test.places(count), self._few_rounds)
        head = test.head(generator_group(rows.MAIN), count)
        return size_rows(head, self._cast, rows.MAIN, self._few_rounds, known)

    def _other_size(self, size: str) -> Group:
        problems = held_out(self._run)[: self._config.matrix_problems]
        drafted = self._drafted(generator_group(size), problems, size)
        return size_rows(drafted, self._cast, size, self._few_rounds)

    def _leverage(self, test: Drafted) -> list[Gate]:
        def work() -> Record:
            return {"gates": [asdict(gate) for gate in leverage_gates(test.bench, test.drafts())]}

        gates = self._notebook.part("gates", work)["gates"]
        assert isinstance(gates, list)
        return [gate_from_json(gate) for gate in gates]

    def _pairs(self, test: Drafted) -> dict[str, dict[str, Record]]:
        count, seed = self._config.pairs, self._run.config.seed
        kinds = {DRAFTS: draw_pairs(test.drafts(), count, seed)}
        if test.has_references:
            kinds[MISREAD] = misread_pairs(self._judge, count, seed)
        return {kind: self._scored(kind, pairs, test) for kind, pairs in kinds.items() if pairs}

    def _scored(self, kind: str, pairs: Sequence[Pair], test: Drafted) -> dict[str, Record]:
        scored = {
            key: self._notebook.part(f"{PAIRS}/{kind}/{key}", partial(scored_pairs, self._cast, role, pairs))
            for key, role in _PAIRED.items()
        }
        return scored | ({rows.ORACLE: careful_pairs(pairs)} if test.has_references else {})

    def _parameters(self) -> dict[str, int]:
        return {size: self._cast.parameters(BASE, size) for size in self._cast.sizes(BASE)}


def _critic_gates(group: Group) -> list[Gate]:
    """Of the critic as it is served: greedy, three rounds."""
    return critic_gates(summarize(group.trials[rows.CTRL_GREEDY].until(FEW_ROUNDS), group.labels))


def _metrics(gates: Sequence[Gate]) -> Record:
    return {gate.name: asdict(gate.figure) for gate in gates}


def _print(findings: Findings) -> None:
    """Gates and the main table; the report shows the rest."""
    console = Console()
    if findings.gates:
        console.print(gate_table(findings.gates))
    group = findings.groups[TEST]
    console.print(*trial_tables(TEST, [summarize(trial, group.labels) for trial in group.trials.values()]))
    console.print(LEGEND)
