"""What ships with the project."""

import sys
from pathlib import Path


def shared_file(name: str) -> Path:
    """Find what ships with the project: in the working directory, the source tree or the installation."""
    roots = (Path.cwd(), Path(__file__).resolve().parents[2], Path(sys.prefix) / "share" / "ctrl-refine")
    return next((root / name for root in roots if (root / name).exists()), roots[1] / name)
