"""Run test code beside a program that lives in another jail."""

import ast
import importlib
import linecache
import re
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from sandbox_runner.jail.remote import findings, reflection
from sandbox_runner.jail.remote.findings import Findings
from sandbox_runner.jail.remote.frames import Connection
from sandbox_runner.jail.remote.link import Link, is_asked_later
from sandbox_runner.jail.remote.module import RemoteModule, globals_for
from sandbox_runner.jail.remote.proxy import adopt

FILE_NAME = "tests.py"
_MODULE = "solution"
_WORD = re.compile(r"\w+")


def run_assert_code(
    source: str, connection: Connection, entry_point: str | None = None, scratch: str | None = None
) -> Findings:
    """Run statements that use the program's names as their own, or HumanEval's `check`."""
    if "mock" in source:  # what replaces something must be known before it is used
        importlib.import_module("unittest.mock")
    link = Link(connection, adopt, scratch)
    error: BaseException | None = None
    try:
        _run(source, link, entry_point)
    except BaseException as ending:  # noqa: BLE001 - whatever ended it is the finding
        error = ending
    return findings.of_end(link, error, frozenset({FILE_NAME}), frozenset({_MODULE}))


def _run(source: str, link: Link, entry_point: str | None) -> None:
    reflection.install()
    tree = reflection.asking_for_types(ast.parse(source, FILE_NAME))
    code = compile(tree, FILE_NAME, "exec", dont_inherit=True)
    linecache.cache[FILE_NAME] = (len(source), None, source.splitlines(keepends=True), FILE_NAME)
    module = RemoteModule(_MODULE, link)
    sys.modules[_MODULE] = module
    words = {*_WORD.findall(source), entry_point or ""}  # also those of code in strings
    names = globals_for(module, link, entry_point, words)
    link.answered = _answers_in_place(names, tree, entry_point)
    exec(code, names)  # noqa: S102
    if _defines_check_alone(tree):
        names["check"](_entry_point(names, entry_point))


def _answers_in_place(names: Mapping[str, object], tree: ast.Module, entry_point: str | None) -> int:
    """How many of the names that the tests use are no functions, to be asked, but answers.

    So are classes that both sides have, and functions of the library that the program gives as its own.
    """
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {entry_point}
    theirs = ((name, value) for name, value in names.items() if name in used and name[:2] != "__")
    return sum(not (is_asked_later(value) or _is_module(value, name)) for name, value in theirs)


def _is_module(value: object, name: str) -> bool:
    """One by its own name: the program may have put another in place of a function."""
    return type(value) is ModuleType and value.__name__ == name


def _entry_point(names: dict[str, Any], entry_point: str | None) -> object:
    if entry_point not in names:
        raise NameError(f"name {entry_point!r} is not defined", name=entry_point or "")
    return names[entry_point]


def _defines_check_alone(tree: ast.Module) -> bool:
    """HumanEval's tests define `check(candidate)` and leave the call to whoever runs them."""
    defined = any(isinstance(each, ast.FunctionDef) and each.name == "check" for each in tree.body)
    called = any(
        isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "check"
        for statement in tree.body
        for each in ast.walk(statement)
    )
    return defined and not called
