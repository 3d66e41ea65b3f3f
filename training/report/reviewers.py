"""Tables of reviewers: their pass@1 by round, what they changed, how they judged; and the gates."""

from collections.abc import Sequence

from training.evaluate.findings import Findings
from training.evaluate.group import Group
from training.evaluate.measures import Summary, summarize
from training.evaluate.tables import bound
from training.report.markdown import NONE, number, share, table

NOT_RUN = "Not run."


def group_table(findings: Findings, name: str) -> str:
    """Trials on one set of drafts: pass@1 and changes."""
    group = findings.groups.get(name)
    if group is None:
        return NOT_RUN
    count = f"{group.problems} problems x {group.samples} drafts."
    summaries = summaries_of(group)
    return "\n\n".join([count, rounds_table(summaries), change_table(summaries)])


def summaries_of(group: Group) -> list[Summary]:
    """All trials of a group in figures."""
    return [summarize(trial, group.labels) for trial in group.trials.values()]


def rounds_table(summaries: Sequence[Summary]) -> str:
    """Pass@1 after each round."""
    most = max(len(summary.rounds) for summary in summaries)
    head = ["pass@1 after round", *map(str, range(most))]
    lines = [
        [s.name, *(share(s.rounds[n]) if n < len(s.rounds) else NONE for n in range(most))] for s in summaries
    ]
    return table(head, lines)


def change_table(summaries: Sequence[Summary]) -> str:
    """What became right and wrong, and at what cost."""
    head = (
        "reviewer", "Δ↑", "Δ↓", "wrong → right", "right → wrong",
        "tokens, one round", "tokens, all", "similarity",
    )  # fmt: skip
    lines = [
        (
            s.name,
            *map(share, (s.delta_up, s.delta_down, s.repaired, s.broken)),
            *map(number, (s.tokens_once, s.tokens)),
            number(s.similarity, 3),
        )
        for s in summaries
    ]
    return table(head, lines)


def judgment_table(summaries: Sequence[Summary]) -> str:
    """How the drafts were judged."""
    head = ("judge of the drafts", "accuracy", "F1 right", "F1 wrong", "F1 macro", "format kept")
    judges = [s for s in summaries if s.judgments.accuracy.samples]
    if not judges:
        return NOT_RUN
    lines = []
    for s in judges:
        j = s.judgments
        lines.append((s.name, *map(share, (j.accuracy, j.f1_right, j.f1_wrong, j.f1_macro, s.strict))))
    return f"Right drafts (base rate): {share(judges[0].judgments.base_rate)} %.\n\n{table(head, lines)}"


def advice_table(summaries: Sequence[Summary]) -> str:
    """Whether reviewers suggest what an oracle would, and revisions do what they suggest."""
    head = (
        "reviewer", "wrong drafts rejected", "advice as the oracle's", "revised to the letter",
        "other advice, revised to the letter",
    )  # fmt: skip
    # Who suggests no edit has nothing that could be carried out.
    lines = [
        (s.name, str(s.advice.samples), *map(share, (s.advice, s.letter, s.astray)))
        for s in summaries
        if s.letter.samples
    ]
    return table(head, lines) if lines else NOT_RUN


def gates_table(findings: Findings) -> str:
    """The gates, with their bounds."""
    lines = [
        (
            gate.name,
            share(gate.figure),
            bound(gate),
            str(gate.figure.samples),
            "yes" if gate.holds else "**no**",
        )
        for gate in findings.gates
    ]
    return table(("gate", "figure, %", "bound", "samples", "holds"), lines)
