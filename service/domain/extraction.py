"""The program inside a completion.

Where there are several blocks, the program is the one that, in this order: is not mere data (a sample
input), is tagged Python, parses, is complete, does not just use what an earlier block defines
(an example or a test), and comes last (a final version follows its drafts).
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from service.domain.fences import Block, blocks, indent, text_lines
from service.domain.syntax import computes_nothing, parsed, size
from service.domain.thought import without_thought
from service.domain.transcript import without_end_tokens

_BLOCKS = 32
"""Blocks considered, the last ones: each is parsed."""

_MENDINGS = 4
"""How many closing fences are tried for a program that contains fences itself."""

_READ_TOKENS = 10_000
"""Words and marks parsed in all, the last blocks first: a model that repeats itself writes many blocks."""


@dataclass(frozen=True)
class _Snippet:
    """A block's code with what the choice needs to know of it. It is parsed only where there is a choice."""

    code: str
    tag: str
    closed: bool
    is_read: bool = True
    """Whether it is parsed at all; what is not counts as broken."""

    @cached_property
    def tree(self) -> ast.Module | None:
        return parsed(self.code) if self.is_read else None

    @property
    def is_data(self) -> bool:
        return self.tree is not None and computes_nothing(self.tree)

    @property
    def tag_rank(self) -> int:
        if self.tag.lower().lstrip("{.").startswith("py"):
            return 2
        return 0 if self.tag else 1

    @property
    def defined(self) -> set[str]:
        body = self.tree.body if self.tree else []
        return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}

    @property
    def used(self) -> set[str]:
        nodes = ast.walk(self.tree) if self.tree else ()
        return {node.id for node in nodes if isinstance(node, ast.Name)}


def extract_code(completion: str) -> str:
    """Return the program; the whole text where nothing is fenced."""
    lines = text_lines(without_end_tokens(without_thought(completion).rstrip()))
    text = "\n".join(lines)
    snippets = _snippets(lines, list(blocks(lines))[-_BLOCKS:])
    # A bare program may hold a fence in a string; prose around a fence never parses.
    if not snippets or _is_bare_program(text):
        return text.strip("\n")
    return snippets[0].code if len(snippets) == 1 else _chosen(snippets).code


def _is_bare_program(text: str) -> bool:
    if text.lstrip().startswith("`"):  # as most completions do, and no program
        return False
    whole = _Snippet(text, "", closed=True)
    return whole.tree is not None and not whole.is_data


def _chosen(snippets: Sequence[_Snippet]) -> _Snippet:
    uses = list(_usages(snippets))

    def rank(index: int) -> tuple[bool, int, bool, bool, bool, int]:
        snippet = snippets[index]
        parses = snippet.tree is not None
        return (not snippet.is_data, snippet.tag_rank, parses, snippet.closed, not uses[index], index)

    return snippets[max(range(len(snippets)), key=rank)]


def _usages(snippets: Sequence[_Snippet]) -> Iterator[bool]:
    """Tell for each snippet whether it uses what an earlier one defines and it does not."""
    known: set[str] = set()
    for snippet in snippets:
        yield bool((snippet.used - snippet.defined) & known)
        known |= snippet.defined


class _Allowance:
    """What may still be parsed. Words are counted only where the characters alone may be too many."""

    def __init__(self) -> None:
        self._left = _READ_TOKENS
        self._uncounted: list[str] = []

    def takes(self, code: str) -> bool:
        """Spend what it costs to parse this, and tell whether that was there."""
        if self._left <= 0:
            return False
        self._uncounted.append(code)
        if sum(map(len, self._uncounted)) >= self._left:
            self._left -= sum(map(size, self._uncounted))
            self._uncounted.clear()
        return self._left > 0


def _snippets(lines: Sequence[str], found: Sequence[Block]) -> list[_Snippet]:
    """Read the blocks, the last one first: what may be spent on reading is spent on it."""
    snippets: list[_Snippet] = []
    allowance = _Allowance()
    for block in reversed(found):
        code = _code(lines, block, block.end)
        snippet = _Snippet(code, block.fence.tag, block.closed, is_read=allowance.takes(code))
        ends = _later_ends(lines, block) if snippet.is_read else []
        for end in ends if ends and snippet.tree is None else ():
            longer = _code(lines, block, end)
            mended = _Snippet(longer, block.fence.tag, closed=True, is_read=allowance.takes(longer))
            if mended.tree is not None:
                snippet = mended
                break
        snippets.append(snippet)
    return snippets[::-1]


def _later_ends(lines: Sequence[str], block: Block) -> list[int]:
    ends: list[int] = []
    for number in range(block.end + 1, len(lines)):
        if len(ends) == _MENDINGS:
            break
        if block.fence.closed_by(lines[number]):
            ends.append(number)
    return ends


def _code(lines: Sequence[str], block: Block, end: int) -> str:
    """Join the block's lines, less the indentation that its fence has."""
    inside, margin = lines[block.first : end], block.fence.margin
    if margin:
        inside = [line[min(indent(line), margin) :] for line in inside]
    return "\n".join(inside).strip("\n")
