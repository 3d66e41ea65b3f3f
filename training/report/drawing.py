"""Plots as small SVG files that read on a light page and on a dark one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler

mpl.use("agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from training.whole import whole

_GREY = "#808080"
COLOURS = ("#3b82c4", "#e07b39", "#3d9c5f", "#b0569f", "#c0a030", "#d05050", "#4fa8a8", "#8a7fd0")
# matplotlib types its keys as several hundred literals.
_STYLE: Any = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
    "axes.edgecolor": _GREY,
    "axes.labelcolor": _GREY,
    "axes.titlecolor": _GREY,
    "text.color": _GREY,
    "xtick.color": _GREY,
    "ytick.color": _GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "axes.prop_cycle": cycler(color=COLOURS),
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "ctrl-refine",
}


@contextmanager
def drawn(path: Path, rows: int = 1, columns: int = 1, height: float = 3.4) -> Iterator[list[Axes]]:
    """Give axes to draw on, then write them whole; the same figures always give the same file."""
    with mpl.rc_context(_STYLE):
        width = 6.4 if columns == 1 else 9.0
        figure, grid = plt.subplots(rows, columns, figsize=(width, height * rows), squeeze=False)
        try:
            yield list(grid.flat)
            figure.tight_layout()
            with whole(path) as partial:
                figure.savefig(partial, format="svg", metadata={"Date": None})
        finally:
            plt.close(figure)


def legend(axes: Axes) -> None:
    """Name the lines beside the plot, where they hide nothing."""
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize="small")
