"""Code fences, read line by line: which lines are code, and which blocks there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fence:
    """An opening fence: its marks, its indentation, and the tag after it."""

    marks: str
    margin: int
    tag: str

    def closed_by(self, line: str) -> bool:
        """Whether the line ends this fence: as many marks or more, alone, and not much deeper."""
        if self.marks not in line:
            return False
        text = line.strip()
        return text == self.marks[0] * len(text) and indent(line) <= self.margin + 3


@dataclass(frozen=True, slots=True)
class Block:
    """Lines `first` up to `end` (excluded) stand between fences; `closed` if the second one came."""

    fence: Fence
    first: int
    end: int
    closed: bool


def text_lines(text: str) -> list[str]:
    """Split at line feeds only: a form feed or U+2028 within a line must not start a new one."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def opened_by(line: str) -> Fence | None:
    """Read an opening fence; any indentation counts, as fences stand in list items."""
    text = line.strip()
    mark = text[:1]
    if mark not in ("`", "~") or not text.startswith(mark * 3):
        return None
    tag = text.lstrip(mark)
    # "```x```" is inline code, not a fence.
    if mark == "`" and "`" in tag:
        return None
    return Fence(text[: len(text) - len(tag)], indent(line), tag.strip())


def blocks(lines: Sequence[str]) -> Iterator[Block]:
    """Find the fenced blocks, the last of which may be unclosed."""
    fence: Fence | None = None
    first = 0
    for number, line in enumerate(lines):
        if fence is None:
            fence, first = opened_by(line), number + 1
        elif fence.closed_by(line):
            yield Block(fence, first, number, closed=True)
            fence = None
    if fence is not None:
        yield Block(fence, first, len(lines), closed=False)


def unfenced(lines: Sequence[str]) -> list[bool]:
    """Tell for each line whether it stands outside all fences; the fences themselves do not."""
    outside = [True] * len(lines)
    for block in blocks(lines):
        for number in range(block.first - 1, min(block.end + 1, len(lines))):
            outside[number] = False
    return outside


def indent(line: str) -> int:
    """Count the white space that a line starts with."""
    return len(line) - len(line.lstrip())
