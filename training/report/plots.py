"""The plots of an evaluation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from service.domain.estimate import difference, mean
from training.evaluate import rows
from training.evaluate.findings import TEST, Findings
from training.evaluate.reward_model import VOTES, by_logprob, by_votes, votes_drawn
from training.report.drawing import COLOURS, drawn, legend
from training.report.rewarding import KINDS
from training.report.transfer import Cell

_CURVES = (rows.RESAMPLE, rows.MOST_FREQUENT, rows.CONTENTLESS, rows.SELF, rows.SFT, rows.CTRL, rows.ORACLE)
_CRITICS = (rows.SELF, rows.SFT, rows.CTRL, rows.ORACLE)


def plot_rounds(findings: Findings, path: Path) -> None:
    """Pass@1 by round with a band of two standard errors."""
    group = findings.groups[TEST]
    with drawn(path) as (axes,):
        for trial in [group.trials[key] for key in _CURVES if key in group.trials]:
            shares = [mean(row, group.labels) for row in trial.passed]
            xs, ys = range(len(shares)), [100 * share.value for share in shares]
            axes.plot(xs, ys, marker="o", markersize=3, label=trial.name)
            low = [100 * (share.value - 2 * share.error) for share in shares]
            high = [100 * (share.value + 2 * share.error) for share in shares]
            axes.fill_between(xs, low, high, alpha=0.15, linewidth=0)
        axes.set(xlabel="round", ylabel="pass@1, %", xticks=range(_rounds(findings) + 1))
        legend(axes)


def _rounds(findings: Findings) -> int:
    return max(len(trial.passed) for trial in findings.groups[TEST].trials.values()) - 1


def plot_lengths(findings: Findings, path: Path) -> None:
    """Lift of pass@1 by the number of steps of a problem."""
    group = findings.groups[TEST]
    lengths = group.known_lengths
    with drawn(path) as (axes,):
        for number, key in enumerate(key for key in _CRITICS if key in group.trials):
            lifts = []
            for length in lengths:
                places = group.of_length(length)
                cut = group.trials[key].only(places)
                lifts.append(difference(cut.passed[-1], cut.passed[0], [group.labels[i] for i in places]))
            xs = [place + 0.2 * (number - 1.5) for place in range(len(lengths))]
            axes.bar(
                xs,
                [100 * lift.value for lift in lifts],
                0.18,
                yerr=[200 * lift.error for lift in lifts],
                label=group.trials[key].name,
                error_kw={"ecolor": "#808080", "elinewidth": 1},
            )
        axes.set(xlabel="steps before the result", ylabel="lift, points", xticks=range(len(lengths)))
        axes.set_xticklabels([str(length) for length in lengths])
        legend(axes)


def plot_similarity(findings: Findings, path: Path) -> None:
    """Edit similarity of first revisions to their drafts."""
    group = findings.groups[TEST]
    with drawn(path) as (axes,):
        for key in (rows.SELF, rows.SFT, rows.CTRL):
            values = [value for value in group.trials[key].similarity if value is not None]
            axes.hist(values, bins=25, range=(0, 1), histtype="step", label=group.trials[key].name)
        axes.set(xlabel="edit similarity of the first revision", ylabel="drafts")
        legend(axes)


def plot_votes(findings: Findings, path: Path) -> None:
    """Pairwise accuracy by votes for each kind of pair, ties as errors; dashed: the logprob score."""
    with drawn(path, columns=len(findings.pairs)) as each:
        for axes, (kind, records) in zip(each, findings.pairs.items(), strict=True):
            critics = {key: record for key, record in records.items() if len(votes_drawn(record)) > 1}
            for colour, (key, record) in zip(COLOURS, critics.items(), strict=False):
                _plot_accuracies(axes, colour, rows.NAMES[key], record)
            axes.set_xscale("log", base=2)
            axes.set(title=KINDS[kind], xlabel="votes (dashed: logprob score)", xticks=VOTES)
            axes.set_xticklabels([str(votes) for votes in VOTES])
        each[0].set_ylabel("pairwise accuracy, %")
        legend(each[-1])


def _plot_accuracies(axes: Axes, colour: str, name: str, record: Mapping[str, Any]) -> None:
    accuracies = [by_votes(record, votes).ties_lose for votes in VOTES]
    values, errors = [100 * a.value for a in accuracies], [200 * a.error for a in accuracies]
    axes.errorbar(VOTES, values, yerr=errors, marker="o", color=colour, label=name)
    if scored := by_logprob(record):
        axes.axhline(100 * scored.ties_lose.value, color=colour, linestyle="--", linewidth=1)


def plot_matrix(cells: Sequence[Cell], path: Path) -> None:
    """Lift by size of critic and of generator."""
    critics = list(dict.fromkeys(cell.critic for cell in cells))
    generators = list(dict.fromkeys(cell.generator for cell in cells))
    lifts = [[float("nan")] * len(generators) for _ in critics]
    with drawn(path) as (axes,):
        for cell in cells:
            y, x = critics.index(cell.critic), generators.index(cell.generator)
            lifts[y][x] = 100 * cell.lift.value
            text = f"{lifts[y][x]:+.1f} ± {100 * cell.lift.error:.1f}"
            axes.text(x, y, text, ha="center", va="center", color="black")
        most = max(1.0, *(abs(100 * cell.lift.value) for cell in cells))
        axes.imshow(lifts, cmap="RdYlGn", vmin=-most, vmax=most, aspect="auto", alpha=0.85)
        axes.set(
            xlabel="generator", ylabel="critic", xticks=range(len(generators)), yticks=range(len(critics))
        )
        axes.set_xticklabels(generators)
        axes.set_yticklabels(critics)
