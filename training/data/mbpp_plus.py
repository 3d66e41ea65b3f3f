"""Rows of MBPP+ (evalplus/mbppplus) as tasks: functions, with the asserts of MBPP and the inputs of EvalPlus.

EvalPlus tells its tests as a program: lists `inputs` and `results`, and a loop that compares. They are read
from its syntax tree; nothing is run. What it computes by a reference of its own is left out and counted.
"""

import ast
from collections import Counter
from collections.abc import Iterator

from service.domain.task import AssertTest, Test
from training.data.rows import Row
from training.data.source_task import SourceTask, Unusable


def mbpp_plus_task(row: Row) -> SourceTask:
    """Convert a row. The first assert is public and ends the statement, as in the paper."""
    unusable: Counter[Unusable] = Counter()
    asserts = _asserts(row)
    name = _called(asserts[0]) if asserts else None
    hidden: list[Test] = [AssertTest(source) for source in asserts[1:]]
    if name is None:
        unusable[Unusable.UNREADABLE] += 1
    else:
        for source in _more(row.text("test"), name):
            if isinstance(source, Unusable):
                unusable[source] += 1
            else:
                hidden.append(AssertTest(source))
    return SourceTask(
        place=row.place,
        source="mbppplus",
        problem="\n\n".join([row.text("prompt").strip(), *asserts[:1]]),
        public=tuple(AssertTest(source) for source in asserts[:1]),
        hidden=tuple(hidden),
        entry_point=name,
        given_id=_id(row),
        reference=row.optional_text("code"),
        unusable=unusable,
    )


def _id(row: Row) -> str:
    number = row.fields.get("task_id")
    if not isinstance(number, int | str):
        raise row.wrong("task_id", "a number", number)
    return f"mbppplus-{number}"


def _asserts(row: Row) -> list[str]:
    told = row.fields.get("test_list")
    if isinstance(told, list) and all(isinstance(source, str) for source in told):
        return [source.strip() for source in told]
    raise row.wrong("test_list", "a list of asserts", told)


def _called(source: str) -> str | None:
    """The function that an assert tests: what is called first is what is called within all else."""
    names = [
        node.func.id
        for node in ast.walk(_parsed(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not _is_view(node.func.id)
    ]
    return names[0] if names else None


def _is_view(name: str) -> bool:
    return name in ("set", "sorted", "tuple", "list", "abs", "round", "str", "len", "frozenset")


def _more(program: str, name: str) -> Iterator[str | Unusable]:
    """Asserts that say what the loop over `inputs` and `results` does."""
    tree = _parsed(program)
    inputs, results = _list_of(tree, "inputs"), _list_of(tree, "results")
    form = _form(tree, name)
    if inputs is None or results is None or form is None:
        yield Unusable.UNREADABLE
        return
    for given, wanted in zip(inputs, results, strict=False):
        if isinstance(given, ast.List | ast.Tuple) and _is_literal(given) and _is_literal(wanted):
            args = ", ".join(map(ast.unparse, given.elts))
            yield _compared(form, f"{name}({args})", wanted)
        else:
            yield Unusable.UNREADABLE


def _compared(form: str, call: str, wanted: ast.expr) -> str:
    """EvalPlus allows a float 1e-6, and 1e-7 of what is wanted."""
    value = ast.literal_eval(wanted)
    if isinstance(value, float):
        return f"assert abs({call} - {value!r}) < {1e-6 + 1e-7 * abs(value):.6g}"
    return form.format(call=call, wanted=ast.unparse(wanted))


def _form(tree: ast.Module, name: str) -> str | None:
    """How the loop compares: the values themselves, or sets of them."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name("assertion"), [ast.Call(ast.Name(found), [ast.Starred()]), ast.Name(), _]):
                return "assert {call} == {wanted}" if found == name else None
            case ast.Call(
                ast.Name("assertion"),
                [
                    ast.Call(ast.Name("set"), [ast.Call(ast.Name(found), [ast.Starred()])]),
                    ast.Call(ast.Name("set"), [ast.Name()]),
                    _,
                ],
            ):
                return "assert set({call}) == set({wanted})" if found == name else None
    return None


def _list_of(tree: ast.Module, name: str) -> list[ast.expr] | None:
    for statement in tree.body:
        match statement:
            case ast.Assign([ast.Name(found)], ast.List(elements)) if found == name:
                return elements
    return None


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return ast.Module([], [])
