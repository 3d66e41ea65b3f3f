"""Puts tables into a Markdown file, between marks that name them."""

import re
from collections.abc import Mapping
from pathlib import Path

from training.whole import write_whole

_BLOCK = "<!-- capacity: {name} -->"
_END = "<!-- end -->"


def filled(text: str, blocks: Mapping[str, str]) -> str:
    """Replace what stands between the marks of each block; a block without marks is a `ValueError`."""
    for name, block in blocks.items():
        begin = _BLOCK.format(name=name)
        found = re.findall(re.escape(begin) + ".*?" + re.escape(_END), text, re.DOTALL)
        if len(found) != 1:
            raise ValueError(f"{begin}: the file needs this mark once, and {_END} after it")
        text = text.replace(found[0], f"{begin}\n{block}\n{_END}")
    return text


def fill(path: Path, blocks: Mapping[str, str]) -> None:
    """Replace blocks of a file, which is written whole or not at all."""
    write_whole(path, filled(path.read_text(encoding="utf-8"), blocks))
