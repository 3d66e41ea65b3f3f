"""Python source as a syntax tree, for programs that nobody has vetted."""

import ast
import warnings

LIMIT = 100_000
"""Longest source parsed, in characters: parsing is done on the event loop."""


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
