"""What ships with the project."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def shared_file(name: str) -> Path:
    """Find what ships with the project: in the working directory, the source tree or the package."""
    roots = (Path.cwd(), _PACKAGE.parent, _PACKAGE / "shipped")
    return next((root / name for root in roots if (root / name).exists()), roots[1] / name)
