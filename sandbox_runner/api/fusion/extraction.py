"""Find the program in what a model wrote: a fenced block, an unfinished one, or lines that look like code.

Nothing is parsed or executed here.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_FENCE = "```"
_ALIASES = {
    **dict.fromkeys(("py", "python3"), "python"),
    **dict.fromkeys(("c++", "cc", "cxx"), "cpp"),
    **dict.fromkeys(("sh", "shell"), "bash"),
    **dict.fromkeys(("javascript", "js", "node"), "nodejs"),
    "rs": "rust",
    "golang": "go",
}
"""What models write behind a fence, besides SandboxFusion's own names."""
_CODE_LINE = re.compile(
    r"(import |from \S+ import |def |async def |class |@\w|print\(|if .*:|for .*:|while .*:|try:|with .*:"
    r"|[A-Za-z_][\w.,\[\] ]*=[^=])"
)


class Kind(StrEnum):
    FENCED = "fenced"
    INCOMPLETE = "incomplete_fenced"
    HEURISTIC = "heuristic"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Extracted:
    code: str
    kind: Kind


def extract(completion: str, language: str) -> Extracted:
    """The first block of the language, else the first block of the best kind there is."""
    complete, unfinished = _blocks(completion)
    if complete:
        fitting = [code for tag, code in complete if tag == language]
        return Extracted(fitting[0] if fitting else complete[0][1], Kind.FENCED)
    if unfinished is not None:
        return Extracted(unfinished, Kind.INCOMPLETE)
    lines = completion.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if _CODE_LINE.match(line):
            return Extracted("".join(lines[number:]), Kind.HEURISTIC)
    return Extracted("", Kind.EMPTY)


def _blocks(completion: str) -> tuple[list[tuple[str, str]], str | None]:
    """Each closed block with its tag, and the one that the text ends in."""
    closed: list[tuple[str, str]] = []
    tag: str | None = None
    block: list[str] = []
    indented = 0
    for line in completion.splitlines(keepends=True):
        stripped = line.strip()
        if not stripped.startswith(_FENCE):
            block.append(_unindented(line, indented))
        elif tag is None:
            tag, block, indented = _language(stripped), [], len(line) - len(line.lstrip(" "))
        else:
            closed.append((tag, "".join(block)))
            tag = None
    return closed, None if tag is None else "".join(block)


def _unindented(line: str, by: int) -> str:
    """The line without the indentation that it shares with its fence, as in a list."""
    return line[min(by, len(line) - len(line.lstrip(" "))) :]


def _language(fence: str) -> str:
    words = fence.lstrip("`").strip().lower().split()
    return _ALIASES.get(words[0], words[0]) if words else ""
