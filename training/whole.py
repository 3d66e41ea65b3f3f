"""Files that appear whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a place beside `path` to write at; what is there takes the place of `path`, but after an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    yield partial
    partial.replace(path)


def write_whole(path: Path, text: str) -> None:
    """Write a text in UTF-8."""
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8")
