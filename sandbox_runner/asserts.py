"""Turn `assert f(3) == 4` into a call with an expected value, which then stays outside the jail."""

import ast

from sandbox_runner.cases import CallCase
from sandbox_runner.comparison import Equality

SUPPORTED = "assert f(<literals>) == <literal>"


class UnsupportedAssertError(ValueError):
    """An assert of another form than the one that can be judged without running it beside the program."""


def rewrite(source: str) -> CallCase:
    call, expected = _split(_only_comparison(source))
    if not isinstance(call.func, ast.Name):
        raise UnsupportedAssertError(f"call a plain function name; supported: {SUPPORTED}")
    if any(keyword.arg is None for keyword in call.keywords):
        raise UnsupportedAssertError(f"** in a call is not supported; supported: {SUPPORTED}")
    return CallCase(
        entry_point=call.func.id,
        args=tuple(_literal(argument) for argument in call.args),
        kwargs={str(keyword.arg): _literal(keyword.value) for keyword in call.keywords},
        expected=_literal(expected),
        equality=Equality.PYTHON,
    )


def _only_comparison(source: str) -> ast.Compare:
    try:
        statements = ast.parse(source.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnsupportedAssertError(f"not Python: {type(error).__name__}; supported: {SUPPORTED}") from error
    match statements:
        case [ast.Assert(test=ast.Compare(ops=[ast.Eq()]) as comparison)]:
            return comparison
    raise UnsupportedAssertError(f"supported: one statement of the form {SUPPORTED}")


def _split(comparison: ast.Compare) -> tuple[ast.Call, ast.expr]:
    """The call and the literal, whichever side each is on."""
    left, right = comparison.left, comparison.comparators[0]
    if isinstance(left, ast.Call) and not _is_literal(left):
        return left, right
    if isinstance(right, ast.Call):
        return right, left
    raise UnsupportedAssertError(f"one side must be a call; supported: {SUPPORTED}")


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    return True


def _literal(node: ast.expr) -> object:
    try:
        value: object = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        found = ast.unparse(node)[:60]
        raise UnsupportedAssertError(f"{found!r} is not a literal; supported: {SUPPORTED}") from error
    return value
