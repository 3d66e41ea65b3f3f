"""How much of a program a revision kept."""

import ast
import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from service.domain.syntax import parsed

_TOKEN = re.compile(r"\$?\w+|[^\w\s]")

_NAMED = (ast.Name, ast.arg, ast.keyword)

_SHORT = 4096
"""Longest program whose normal form is kept, in characters."""

LIMIT = 1000
"""Longest sequence compared: difflib's time grows with its square."""


def edit_similarity(before: str, after: str) -> float:
    """Return the share in [0, 1] that two programs have in common, whatever their variables are called."""
    first, second = normalized(before), normalized(after)
    if first == second:
        return 1.0
    return SequenceMatcher(None, *_units(first, second), autojunk=False).ratio()


def normalized(code: str) -> str:
    """Return the program less its comments, layout and choice of names; as it is where it is not Python."""
    # A revision is the next one's original, for as many refinements as may be at work at once.
    return _remembered(code) if len(code) <= _SHORT else _normalized(code)


@lru_cache(maxsize=2048)
def _remembered(code: str) -> str:
    return _normalized(code)


def _normalized(code: str) -> str:
    tree = parsed(code)
    if tree is None:
        return code.strip()
    try:
        _rename(tree)
        return ast.unparse(tree)
    except (RecursionError, ValueError):
        return code.strip()


def _units(first: str, second: str) -> tuple[Sequence[str], Sequence[str]]:
    """Split into tokens; into lines, cut, where there are too many tokens."""
    tokens = _TOKEN.findall(first), _TOKEN.findall(second)
    if max(map(len, tokens)) <= LIMIT:
        return tokens
    return first.splitlines()[:LIMIT], second.splitlines()[:LIMIT]


def _rename(tree: ast.Module) -> None:
    """Rename what the program itself binds, to names that no program can hold."""
    named = [node for node in ast.walk(tree) if isinstance(node, _NAMED)]
    bound = dict.fromkeys(name for node in named if (name := _bound(node)) is not None)
    new_names = {name: f"${number}" for number, name in enumerate(bound)}
    for node in named:
        if isinstance(node, ast.Name):
            node.id = new_names.get(node.id, node.id)
        elif node.arg is not None:
            node.arg = new_names.get(node.arg, node.arg)


def _bound(node: ast.Name | ast.arg | ast.keyword) -> str | None:
    if isinstance(node, ast.Name):
        return node.id if isinstance(node.ctx, ast.Store) else None
    return node.arg if isinstance(node, ast.arg) else None
