"""The plots of reinforcement, step by step."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean

from training.report.drawing import drawn, legend
from training.report.health import Course

HEALTH = {
    "reward": "reward",
    "kl": "KL to SFT, nats",
    "entropy": "entropy, nats",
    "completions/mean_length": "critique, tokens",
    "format": "format kept",
    "judgment_accuracy": "judgment accuracy",
    "frac_reward_zero_std": "groups without spread",
    "advice": "advice as the oracle's",
}
TIMES = ("sample_s", "wait_s", "optimize_s")
"""What a step's time goes to, one after the other: sampling, waiting for rewards, the passes of training."""
BEHIND = ("revise_s", "sandbox_s")
"""What goes on behind sampling."""


def plot_health(courses: Sequence[Course], path: Path) -> None:
    """One panel a metric that was logged, one line a seed."""
    shown = measured(courses, HEALTH)
    with drawn(path, 3, 3, 2.0) as panels:
        for axes, name in zip(panels, shown, strict=False):
            for course in courses:
                series = course.series(name)
                axes.plot(*zip(*series, strict=True) if series else ([], []), label=f"seed {course.seed}")
            axes.set(title=HEALTH[name], xlabel="step")
        for axes in panels[len(shown) :]:
            axes.set_axis_off()
        panels[0].legend(fontsize="small")


def plot_step_time(courses: Sequence[Course], path: Path) -> None:
    """Mean seconds a step of each seed, by what they went to."""
    with drawn(path, height=2.4) as (axes,):
        names = [f"seed {course.seed}" for course in courses]
        left = [0.0] * len(courses)
        for part in measured(courses, TIMES):
            means = [mean_of(course, part) or 0.0 for course in courses]
            axes.barh(names, means, left=left, label=part.removesuffix("_s"))
            left = [a + b for a, b in zip(left, means, strict=True)]
        axes.set(xlabel="seconds a step")
        legend(axes)


def measured(courses: Sequence[Course], metrics: Iterable[str]) -> list[str]:
    """The metrics that any seed has figures for."""
    return [metric for metric in metrics if any(course.series(metric) for course in courses)]


def mean_of(course: Course, metric: str) -> float | None:
    """Mean over the steps; None where it was not logged."""
    values = [value for _, value in course.series(metric)]
    return fmean(values) if values else None
