"""Python source as a syntax tree, for programs that nobody has vetted."""

import ast
import re
import warnings

LIMIT = 100_000
"""Longest source parsed, in characters: parsing is done on the event loop."""

_LIKE_CODE = re.compile(
    r"\w[(\[]|[={};]|^\s*(?:def|class|import|from|for|while|if|else|try|with|return|print|pass|lambda)\b",
    re.MULTILINE,
)


def parsed(code: str) -> ast.Module | None:
    """Parse the code; None where it is not Python, or too long or too deep to tell."""
    if len(code) > LIMIT:
        return None
    try:
        with warnings.catch_warnings():
            # A candidate's doubtful escape is its own affair, not an operator's.
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def computes_nothing(tree: ast.Module) -> bool:
    """Whether a module is mere data or comments: a number, a word, a list, a docstring."""
    return all(_is_value(statement) for statement in tree.body)


def is_program(code: str) -> bool:
    """Whether there is anything to run; prose, a lone word and comments are not, a broken program is."""
    tree = parsed(code)
    if tree is not None:
        return not computes_nothing(tree)
    return _LIKE_CODE.search(code) is not None


def _is_value(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    return isinstance(statement, ast.Expr) and not any(
        isinstance(node, ast.Call | ast.Await | ast.Yield) for node in ast.walk(statement)
    )
