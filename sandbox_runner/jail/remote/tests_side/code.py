"""Run test code beside a program that lives in another jail."""

import ast
import importlib
import linecache
import sys
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from types import ModuleType
from typing import Any

from sandbox_runner.jail.remote.frames import Connection
from sandbox_runner.jail.remote.tests_side import findings, reflection, script, unittests
from sandbox_runner.jail.remote.tests_side.abilities import adopt
from sandbox_runner.jail.remote.tests_side.exceptions import CROSSED
from sandbox_runner.jail.remote.tests_side.findings import Findings
from sandbox_runner.jail.remote.tests_side.link import Link, is_asked_later
from sandbox_runner.jail.remote.tests_side.module import RemoteModule, globals_for

FILE_NAME = "tests.py"
_MODULE = "solution"
_OCCASIONAL = {"mock": "unittest.mock", "doctest": "doctest"}
"""What replaces or runs something must be known before it is used."""
_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def run_assert_code(
    source: str, connection: Connection, entry_point: str | None = None, scratch: str | None = None
) -> Findings:
    """Run statements that use the program's names as their own, or HumanEval's `check`."""
    for word, module in _OCCASIONAL.items():
        if word in source:
            importlib.import_module(module)
    link = Link(connection, adopt, scratch)
    error: BaseException | None = None
    try:
        _run(source, link, entry_point)
    except BaseException as ending:  # noqa: BLE001 - whatever ended it is the finding
        error = ending
    return findings.of_end(link, error, frozenset({FILE_NAME}), frozenset({_MODULE}))


def _run(source: str, link: Link, entry_point: str | None) -> None:
    reflection.install([source])
    tree = reflection.asking_for_types(ast.parse(source, FILE_NAME))
    code = compile(tree, FILE_NAME, "exec", dont_inherit=True)
    linecache.cache[FILE_NAME] = (len(source), None, source.splitlines(keepends=True), FILE_NAME)
    module = RemoteModule(_MODULE, link)
    sys.modules[_MODULE] = module
    running = script.module_with(globals_for(module, link, entry_point, source), module)
    names = vars(running)
    checks = _defines_check_alone(tree)
    reached = _reached(tree, checks)
    link.answered = _answers_in_place(names, _uses(reached, entry_point if checks else None))
    has_cases = any(word in source for word in ("unittest", "doctest"))
    hearing = unittests.heard(link.questions) if has_cases else nullcontext(unittests.Outcomes())
    with hearing as outcomes, script.known(running):
        try:
            exec(code, names)  # noqa: S102
        except SystemExit as leaving:
            if not _is_end_of_cases(leaving, outcomes):
                raise
            link.weak |= not _is_at_end(leaving, tree)  # the program's answer may have decided that
        if checks:
            names["check"](_entry_point(names, entry_point))
        else:
            _run_left(link, names, tree, reached, outcomes)
    if outcomes.failures:  # of a runner of the code's own, which has not looked
        raise outcomes.failures[0]
    if outcomes.skipped and not outcomes.passed:
        link.answered = 0
    link.weak |= outcomes.skipped_late > 0


def _is_end_of_cases(leaving: SystemExit, outcomes: unittests.Outcomes) -> bool:
    """As of `unittest.main()`: what became of the cases is heard, whatever it is left by."""
    if hasattr(leaving, CROSSED):
        return False
    return bool(outcomes.failures) or (outcomes.passed > 0 and not leaving.code)


def _is_at_end(leaving: SystemExit, tree: ast.Module) -> bool:
    """Whether the last statement raised it."""
    trace = leaving.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != FILE_NAME:
        trace = trace.tb_next
    return trace is not None and trace.tb_lineno >= tree.body[-1].lineno


def _run_left(
    link: Link,
    names: dict[str, Any],
    tree: ast.Module,
    reached: list[ast.stmt],
    heard: unittests.Outcomes,
) -> None:
    """Run the tests that the code has defined and does not use, whatever else it has run.

    One at least must pass, as of pytest's: which are skipped may depend on what the program answers.
    """
    known = {each.name for each in reached if isinstance(each, _DEFINING)} | heard.ran
    suite = unittests.left_in(names, names["__name__"], known)
    if suite is None:
        return
    link.answered += _answers_in_place(names, _uses(tree.body))
    outcomes = unittests.run(suite, link.questions)
    if not outcomes.passed:
        link.answered = 0


def _answers_in_place(names: Mapping[str, object], used: Iterable[str]) -> int:
    """How many of the names that the tests use are no functions, to be asked, but answers.

    So are classes that both sides have, and functions of the library that the program gives as its own.
    """
    theirs = ((name, names[name]) for name in used if name in names and name[:2] != "__")
    return sum(not (is_asked_later(value) or _is_module(value, name)) for name, value in theirs)


def _reached(tree: ast.Module, checks: bool) -> list[ast.stmt]:
    """What runs of itself: a function that nobody calls uses nothing."""
    defined = {each.name: each for each in tree.body if isinstance(each, _DEFINING)}
    reached = [each for each in tree.body if not isinstance(each, _DEFINING) and not _is_for_main(each)]
    reached += [defined["check"]] if checks else []
    for each in reached:  # grows meanwhile
        reached += [defined.pop(name) for name in _uses([each]) & defined.keys() if defined[name] is not each]
    return reached


def _uses(statements: Iterable[ast.stmt], *others: str | None) -> set[str]:
    found = {node.id for each in statements for node in ast.walk(each) if isinstance(node, ast.Name)}
    return found | {name for name in others if name is not None}


def _is_for_main(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__name__" in _uses([ast.Expr(statement.test)])


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
