"""Python source as its parser sees it, for programs that nobody has vetted."""

import ast
import re
import symtable
import threading
import warnings
from collections.abc import Callable
from itertools import islice
from typing import TypeVar

_Seen = TypeVar("_Seen")

LIMIT = 100_000
"""Longest source parsed, in characters."""
TOKENS = 10_000
"""Most words and marks parsed at once. Each may take four microseconds, in which nothing else is done."""

_ALONE = threading.Lock()
"""What warnings are ignored is the whole process's affair, and programs are read in more than one thread."""

_TOKEN = re.compile(r"\w+|[^\w\s]|\n\s*")

# White space within the line alone: blank lines would be tried from each of them to the last.
_LIKE_CODE = re.compile(
    r"\w[(\[]|[={};]|^[^\S\n]*(?:def|class|import|from|for|while|if|else|try|with|return|print|pass|lambda)\b[^\S\n]*\S",
    re.MULTILINE,
)
_COMPUTES = re.compile(r"^(?:(?:def|class|while|print)\b|\w+ = )", re.MULTILINE)
_STATEMENT = re.compile(rf"{_COMPUTES.pattern}|^(?:from|import)\b", re.MULTILINE)


def parsed(code: str) -> ast.Module | None:
    """Parse the code; None where it is not Python, or too long or too deep to tell."""
    return _seen(ast.parse, code)


def variables(code: str) -> frozenset[str] | None:
    """Return the names that the code itself binds, but for imports, functions and classes; None as above."""
    return _seen(_variables, code)


def size(code: str) -> int:
    """Count the words, marks and lines of a source, and stop at one too many: what it costs to parse it."""
    return sum(1 for _ in islice(_TOKEN.finditer(code), TOKENS + 1))


def _seen(look: Callable[[str], _Seen], code: str) -> _Seen | None:
    if len(code) > LIMIT or (len(code) > TOKENS and size(code) > TOKENS):
        return None
    try:
        with _ALONE, warnings.catch_warnings():
            # A candidate's doubtful escape is its own affair, not an operator's.
            warnings.simplefilter("ignore")
            return look(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _variables(code: str) -> frozenset[str]:
    tables = [symtable.symtable(code, "solution.py", "exec")]
    for table in tables:
        tables += table.get_children()
    symbols = (symbol for table in tables for symbol in table.get_symbols())
    return frozenset(
        symbol.get_name()
        for symbol in symbols
        if (symbol.is_assigned() or symbol.is_parameter())
        and not (symbol.is_imported() or symbol.is_namespace())
    )


def computes_nothing(tree: ast.Module) -> bool:
    """Whether a module is mere data, imports or comments: a number, a word, a list, a docstring."""
    return all(_is_value(statement) for statement in tree.body)


def begins_as_program(text: str) -> bool:
    """Whether a text begins with a statement, as no prose does around a program."""
    return _STATEMENT.match(text.lstrip()) is not None


def may_be_program(code: str) -> bool:
    """Whether there may be anything to run; what computes at the beginning of a line is not parsed."""
    return _COMPUTES.search(code) is not None or is_program(code)


def is_program(code: str) -> bool:
    """Whether there is anything to run: prose, comments, imports or 42 are nothing, a broken program is."""
    tree = parsed(code)
    if tree is not None:
        return not computes_nothing(tree)
    return _LIKE_CODE.search(code) is not None


def _is_value(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass | ast.Import | ast.ImportFrom):
        return True
    return isinstance(statement, ast.Expr) and not any(
        isinstance(node, ast.Call | ast.Await | ast.Yield) for node in ast.walk(statement)
    )
