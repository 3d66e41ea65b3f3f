"""The page itself: what was measured, in tables, plots and a word on each claim."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.config import SolveConfig, TrainConfig
from training.evaluate import rows
from training.evaluate.findings import TEST, UNSTOPPED, Findings
from training.evaluate.measures import summarize
from training.report.claim import Claim
from training.report.course_plots import BEHIND, TIMES, mean_of, measured
from training.report.health import Course
from training.report.markdown import NONE, image, section, share, table
from training.report.reviewers import (
    NOT_RUN,
    advice_table,
    change_table,
    gates_table,
    group_table,
    judgment_table,
    rounds_table,
    summaries_of,
)
from training.report.rewarding import pairs_table
from training.report.transfer import matrix, told

_READING = """\
Shares are of all drafts, in percent, ± one standard error over problems.
Differences between reviewers are paired: same drafts, so what both share cancels.
A difference counts from more than two paired standard errors on.
† knows more than problem and code."""


_TIMES = """\
wait: for rewards, once sampling is over. revise and sandbox go on behind sampling;
overlap is the share of their time that sampling covers."""

_ADVICE = """\
Suggestions are compared with the oracle's to the word, and first revisions with what an edit suggested makes
of the draft. A revision that is something else is the generator's own work, and no sign of good advice."""


@dataclass(frozen=True, slots=True)
class Material:
    """What the page is made from. `pictures` maps a plot's name to its path beside the page."""

    config: TrainConfig
    findings: Findings
    courses: Sequence[Course]
    claims: Sequence[Claim]
    stage_seconds: Mapping[str, float]
    pictures: Mapping[str, str]

    def picture(self, name: str, title: str) -> str:
        return image(title, self.pictures[name]) if name in self.pictures else ""


def page(material: Material) -> str:
    """The whole page."""
    parts = [
        _opening(material),
        section("Claims", _verdicts(material.claims), *map(_claim, material.claims)),
        section("Reviewers on the same drafts", *_main_tables(material)),
        section("Advice", *_advice(material)),
        section("Reviewers that never stop", group_table(material.findings, UNSTOPPED)),
        section("Difficulty", _lengths(material), material.picture("lengths", "Lift by length")),
        section("Critic size and generator size", *_sizes(material)),
        section("Other problems", *_elsewhere(material)),
        section(
            "The critic as a reward model",
            pairs_table(material.findings) or NOT_RUN,
            material.picture("votes", "Accuracy by votes"),
        ),
        section("Edit similarity", material.picture("similarity", "Edit similarity of first revisions")),
        section("Reinforcement", *_reinforcement(material)),
        section("Gates", gates_table(material.findings)),
        section("Wall clock", _seconds(material)),
    ]
    return "\n\n".join(parts) + "\n"


def _opening(material: Material) -> str:
    config, group = material.config, material.findings.groups[TEST]
    sizes = ", ".join(
        f"{size} {material.findings.parameters[size]:,}" for size in material.findings.parameters_in_order
    )
    measured = (
        "Written by `ctrl-train report` from the run's own files; every figure is of this run.\n"
        f"{group.problems} problems of the test split x {group.samples} drafts at {drawn(config.solve)} "
        "by the frozen generator, the same drafts for every reviewer.\n"
        f"{f'Parameters: {sizes}.' if sizes else 'The weights were elsewhere: parameters not counted.'}\n"
        f"Seed of the run: {config.seed}; seeds of reinforcement: {', '.join(map(str, config.grpo.seeds))}."
    )
    return "\n\n".join([f"# Results of `{config.name}`", measured, _READING])


def drawn(solve: SolveConfig) -> str:
    """How drafts were sampled."""
    nucleus = f", top-p {solve.top_p:g}" if solve.top_p < 1 else ""
    return f"T={solve.temperature:g}{nucleus}"


def _verdicts(claims: Sequence[Claim]) -> str:
    return table(
        ("", "claim", "verdict"),
        [(str(claim.number), claim.title, f"**{claim.status}**") for claim in claims],
    )


def _claim(claim: Claim) -> str:
    parts = [f"- {part.statement}: {part.status}. {part.figures}" for part in claim.parts]
    notes = [f"- {note}" for note in claim.notes]
    return "\n".join([f"**{claim.number}. {claim.title}: {claim.status}**\n", *parts, *notes])


def _main_tables(material: Material) -> tuple[str, ...]:
    group = material.findings.groups[TEST]
    summaries = summaries_of(group)
    legend = (
        "Δ↑, Δ↓: wrong made right and right made wrong by the last round; pass@1 is the draft's plus Δ↑ "
        "minus Δ↓, asserted. wrong → right and right → wrong: of the wrong and of the right drafts, after "
        "one round. Tokens: completion tokens a draft, of generator and critic, the draft's too."
    )
    return (
        rounds_table(summaries),
        material.picture("rounds", "Pass@1 by round"),
        change_table(summaries),
        legend,
        judgment_table(summaries),
        "An unread judgment is an error for both classes. F1 errors are by jackknife over problems.",
    )


def _advice(material: Material) -> tuple[str, ...]:
    told = advice_table(summaries_of(material.findings.groups[TEST]))
    return (told,) if told == NOT_RUN else (told, _ADVICE)


def _lengths(material: Material) -> str:
    group = material.findings.groups[TEST]
    lengths = group.known_lengths
    if not lengths:
        return NOT_RUN
    keys = [k for k in (rows.ZERO_SHOT, rows.SELF, rows.SFT, rows.CTRL, rows.ORACLE) if k in group.trials]
    lines = []
    for key in keys:
        cells = []
        for length in lengths:
            places = group.of_length(length)
            cut = summarize(group.trials[key].only(places), [group.labels[place] for place in places])
            cells.append(share(cut.rounds[-1]))
        lines.append([group.trials[key].name, *cells])
    return table(["pass@1 after the last round", *(f"{length} steps" for length in lengths)], lines)


def _sizes(material: Material) -> tuple[str, ...]:
    findings = material.findings
    cells = matrix(findings)
    if len(findings.sizes) < 2:
        return ("Not run: the configuration has no other sizes.",)
    head = ("critic", "generator", "lift, points", "Δ↓")
    lines = [(c.critic, c.generator, share(c.lift), share(c.delta_down)) for c in cells]
    tables = [
        f"Drafts by {size}:\n\n{rounds_table(summaries_of(group))}" for size, group in findings.sizes.items()
    ]
    return (material.picture("matrix", "Lift by sizes"), table(head, lines), *tables)


def _elsewhere(material: Material) -> tuple[str, ...]:
    away = [
        f"{told(name).capitalize()}. {group_table(material.findings, name)}"
        for name in material.findings.elsewhere
    ]
    return tuple(away) or (NOT_RUN,)


def _reinforcement(material: Material) -> tuple[str, ...]:
    courses = [course for course in material.courses if course.steps]
    if not courses:
        return (NOT_RUN,)
    shown = measured(courses, (*TIMES, *BEHIND, "overlap"))
    lines = [
        [
            str(c.seed),
            str(len(c.steps)),
            *(NONE if (m := mean_of(c, t)) is None else f"{m:.2f}" for t in shown),
        ]
        for c in courses
    ]
    head = [
        "seed",
        "steps",
        *(f"{name.removesuffix('_s')}, s a step" if name != "overlap" else name for name in shown),
    ]
    return (
        material.picture("health", "Reinforcement, step by step"),
        material.picture("step-time", "Where a step's time goes"),
        table(head, lines),
        _TIMES if "overlap" in shown else "",
    )


def _seconds(material: Material) -> str:
    lines = [(stage, f"{seconds:,.0f}") for stage, seconds in material.stage_seconds.items()]
    total = sum(material.stage_seconds.values())
    parts: dict[str, float] = {}
    for name, seconds in material.findings.seconds.items():
        head = name.split("/")[0]
        parts[head] = parts.get(head, 0.0) + seconds
    within = table(("part of the evaluation", "s"), [(name, f"{s:,.0f}") for name, s in parts.items()])
    return table(("stage", "s"), [*lines, ("all", f"{total:,.0f}")]) + "\n\n" + within
