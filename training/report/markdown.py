"""Tables and figures of a Markdown page."""

import math
from collections.abc import Sequence

from service.domain.estimate import Estimate

NONE = "-"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; a bar in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def share(figure: Estimate) -> str:
    """A share in percent with its standard error."""
    return _cell(figure.value, figure.error, 100, 1)


def number(figure: Estimate, digits: int = 1) -> str:
    """A figure as it is, with its standard error."""
    return _cell(figure.value, figure.error, 1, digits)


def _cell(value: float, error: float, factor: float, digits: int) -> str:
    if math.isnan(value):
        return NONE
    shown = f"{factor * value:.{digits}f}"
    return shown if math.isnan(error) else f"{shown} ± {factor * error:.{digits}f}"


def image(title: str, path: str) -> str:
    """A picture beside the page."""
    return f"![{title}]({path})"


def section(title: str, *parts: str) -> str:
    """A heading and what stands under it."""
    return "\n\n".join([f"## {title}", *(part for part in parts if part)])
