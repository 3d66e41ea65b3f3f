from pathlib import Path

import pytest

from training.report.course_plots import HEALTH, plot_health
from training.report.health import Course
from training.stages.report import clear


def course(*metrics: str) -> Course:
    return Course(1, tuple({"step": float(step), **dict.fromkeys(metrics, 0.5)} for step in range(3)))


def test_a_report_removes_its_own_plots_and_nothing_else(tmp_path: Path) -> None:
    for name in ("rounds.svg", "mine.svg", "rounds.txt"):
        (tmp_path / name).touch()

    clear(tmp_path)
    clear(tmp_path / "nowhere")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.svg", "rounds.txt"]


@pytest.mark.parametrize("advised", [True, False])
def test_health_has_a_panel_for_each_metric_that_was_logged(tmp_path: Path, *, advised: bool) -> None:
    logged = [metric for metric in HEALTH if advised or metric != "advice"]

    plot_health([course(*logged)], tmp_path / "health.svg")

    drawing = (tmp_path / "health.svg").read_text(encoding="utf-8")
    assert [f">{title}<" in drawing for title in HEALTH.values()] == [metric in logged for metric in HEALTH]
