"""How much of a program a revision kept."""

import ast
import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from service.domain.syntax import parsed

_TOKEN = re.compile(r"\$?\w+|[^\w\s]")

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
    tree = parsed(code)
    if tree is None:
        return code.strip()
    try:
        return ast.unparse(_Renaming(tree).visit(tree))
    except (RecursionError, ValueError):
        return code.strip()


def _units(first: str, second: str) -> tuple[Sequence[str], Sequence[str]]:
    """Split into tokens; into lines, cut, where there are too many tokens."""
    tokens = _TOKEN.findall(first), _TOKEN.findall(second)
    if max(map(len, tokens)) <= LIMIT:
        return tokens
    return first.splitlines()[:LIMIT], second.splitlines()[:LIMIT]


class _Renaming(ast.NodeTransformer):
    """Renames what the program itself binds, to names that no program can hold."""

    def __init__(self, tree: ast.Module) -> None:
        names = [name for node in ast.walk(tree) for name in _bound(node)]
        self.new_names = {name: f"${number}" for number, name in enumerate(dict.fromkeys(names))}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.new_names.get(node.id, node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self.new_names[node.arg]
        return self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        if node.arg is not None:
            node.arg = self.new_names.get(node.arg, node.arg)
        return self.generic_visit(node)


def _bound(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
            return [name]
    return []
