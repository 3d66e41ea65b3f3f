"""Stage `report`: the run's results as a page, with a verdict on every claim."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from training.evaluate.findings import TEST, Findings, read_findings
from training.options import Options
from training.report.claim import Claim
from training.report.claims import (
    better_each_stage,
    breaks_least,
    changes_more,
    helps_at_every_length,
    keeps_rising,
)
from training.report.course_plots import TIMES, measured, plot_health, plot_step_time
from training.report.health import Course, healthy, read_course
from training.report.page import Material, page
from training.report.plots import plot_lengths, plot_matrix, plot_rounds, plot_similarity, plot_votes
from training.report.rewarding import rewards_rightly
from training.report.transfer import generalises, matrix, weak_to_strong
from training.run import Run
from training.stages import STAGES
from training.whole import write_whole

_PICTURES = "results"
_PLOTS = ("rounds", "similarity", "lengths", "matrix", "votes", "health", "step-time")


def run_stage(run: Run, options: Options) -> None:
    """Write `results.md` and its pictures under the folder of documents."""
    findings = read_findings(run.made("evaluation.json"))
    courses = _courses(run)
    claims = all_claims(findings, courses, run.config.grpo.max_completion_tokens)
    pictures = _draw(findings, courses, options.docs / _PICTURES)
    material = Material(run.config, findings, courses, claims, _stage_seconds(run), pictures)
    target = options.docs / "results.md"
    write_whole(target, page(material))
    console = Console(highlight=False)
    for claim in claims:
        console.print(f"{claim.number}. {claim.title}: {claim.status}")
    console.print(f"{target}")


def all_claims(findings: Findings, courses: Sequence[Course], longest: int) -> list[Claim]:
    """The nine claims, in order."""
    return [
        better_each_stage(findings),
        breaks_least(findings),
        keeps_rising(findings),
        weak_to_strong(findings),
        generalises(findings),
        helps_at_every_length(findings),
        rewards_rightly(findings),
        changes_more(findings),
        healthy(courses, longest),
    ]


def _courses(run: Run) -> list[Course]:
    paths = {seed: run.file(f"grpo/seed-{seed}/metrics.jsonl") for seed in run.config.grpo.seeds}
    return [read_course(seed, path) for seed, path in paths.items() if path.is_file()]


def _stage_seconds(run: Run) -> dict[str, float]:
    """Of the stages that are done, in their order."""
    markers = {stage: run.file(f"{stage}.done.json") for stage in STAGES}
    return {
        stage: json.loads(path.read_text(encoding="utf-8"))["seconds"]
        for stage, path in markers.items()
        if path.is_file()
    }


def _draw(findings: Findings, courses: Sequence[Course], folder: Path) -> dict[str, str]:
    """Draw what there are figures for, in place of an earlier report's; paths are as the page needs them."""
    drawings: dict[str, Callable[[Path], None]] = {
        "rounds": partial(plot_rounds, findings),
        "similarity": partial(plot_similarity, findings),
    }
    if findings.groups[TEST].known_lengths:
        drawings["lengths"] = partial(plot_lengths, findings)
    if len(findings.sizes) > 1:
        drawings["matrix"] = partial(plot_matrix, matrix(findings))
    if findings.pairs:
        drawings["votes"] = partial(plot_votes, findings)
    walked = [course for course in courses if course.steps]
    if walked:
        drawings["health"] = partial(plot_health, walked)
    if measured(walked, TIMES):
        drawings["step-time"] = partial(plot_step_time, walked)
    clear(folder)
    for name, draw in drawings.items():
        draw(folder / f"{name}.svg")
    return {name: f"{_PICTURES}/{name}.svg" for name in drawings}


def clear(folder: Path) -> None:
    """Remove an earlier report's plots; what else is in the folder is somebody's own."""
    for name in _PLOTS:
        (folder / f"{name}.svg").unlink(missing_ok=True)
