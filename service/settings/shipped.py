"""What ships with the project."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_ROOTS = (_PACKAGE.parent, _PACKAGE / "shipped")


def shipped(name: str) -> Path:
    """Find what ships with the project: in the source tree or the package."""
    return next((root / name for root in _ROOTS if (root / name).exists()), _ROOTS[0] / name)


def shared_file(name: str) -> Path:
    """The same, where a file of that name in the working directory comes first."""
    own = Path.cwd() / name
    return own if own.exists() else shipped(name)
