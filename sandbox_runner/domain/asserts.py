"""Turn `assert f(3) == 4` into a call with an expected value, which then stays outside the jail."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from sandbox_runner.domain.cases import CallCase
from sandbox_runner.domain.comparison import Equality, Tolerance
from sandbox_runner.domain.literals import Literals, NotALiteralError, view
from sandbox_runner.jail import views

SUPPORTED = (
    "assert f(<literals>) == <literal>, also with is, not, math.isclose, abs(f() - x) < e and around f() "
    f"one of {', '.join(views.NAMES)}"
)
MOST_SOURCE = 256 << 10

# What they call is in the text that they are given.
_READING_CODE = frozenset({"eval", "exec", "compile", "__import__"})
_IMPORTABLE = ("math", "collections", "typing")


class UnsupportedAssertError(ValueError):
    """An assert of another form than those that can be judged without running them beside the program."""


def rewrite(source: str, literals: Literals | None = None) -> CallCase:
    """One assert, one case. Asserts that are kept together share `literals`, and so its bound."""
    match _parse(source):
        case [ast.Assert() as statement]:
            return _Rewriter(literals or Literals()).case(statement)
    raise UnsupportedAssertError(f"supported: one statement of the form {SUPPORTED}")


def rewrite_all(source: str, entry_point: str | None = None) -> list[CallCase]:
    """Every assert of a list of them, or of HumanEval's `def check(candidate)`; all or none.

    In a `check`, `entry_point` stands for the parameter, or what `check(f)` names where it is called.
    """
    cases = [case for case in _rewrite_block(_parse(source), entry_point) if case is not None]
    if not cases:
        raise UnsupportedAssertError(f"there is no assert; supported: {SUPPORTED}")
    return cases


def _rewrite_block(statements: list[ast.stmt], entry_point: str | None) -> Iterator[CallCase | None]:
    checks: dict[str, ast.FunctionDef] = {}
    rewriter = _Rewriter(Literals())
    called = False
    for statement in statements:
        match statement:
            case ast.FunctionDef(name="check", args=ast.arguments(args=[_]), decorator_list=[]):
                checks["check"] = statement
            case ast.Expr(ast.Call(func=ast.Name("check"), args=[ast.Name(name)], keywords=[])) if checks:
                called = True
                yield from _rewrite_check(checks["check"], name, rewriter)
            case _:
                yield _rewrite_statement(statement, rewriter)
    if checks and not called:
        if entry_point is None:
            raise UnsupportedAssertError("check() is never called, and no entry point is named")
        yield from _rewrite_check(checks["check"], entry_point, rewriter)


def _rewrite_check(
    check: ast.FunctionDef, entry_point: str, rewriter: "_Rewriter"
) -> Iterator[CallCase | None]:
    parameter = check.args.args[0].arg
    for statement in check.body:
        case = _rewrite_statement(statement, rewriter)
        if case is not None and case.entry_point == parameter:
            case = replace(case, entry_point=entry_point)
        yield case


def _rewrite_statement(statement: ast.stmt, rewriter: "_Rewriter") -> CallCase | None:
    """None where a statement checks nothing and changes nothing."""
    match statement:
        case ast.Assert(test=ast.Constant(value=True)) | ast.Pass() | ast.Expr(ast.Constant()):
            return None
        case ast.Assert():
            return rewriter.case(statement)
        case ast.Assign(targets=[ast.Name(id="METADATA")], value=value):
            rewriter.literal(value)
            return None
        case ast.Import(names=names) if all(_is_importable(each.name, each.asname) for each in names):
            return None
        case ast.ImportFrom(module=str() as module, names=names, level=0) if all(
            _is_importable(module, each.asname) for each in names
        ):
            return None
    raise UnsupportedAssertError(f"line {statement.lineno} is no assert; supported: {SUPPORTED}")


def _is_importable(module: str, alias: str | None) -> bool:
    return module in _IMPORTABLE and alias is None


def _parse(source: str) -> list[ast.stmt]:
    if len(source) > MOST_SOURCE:
        raise UnsupportedAssertError(f"more than {MOST_SOURCE} characters; supported: {SUPPORTED}")
    try:
        return ast.parse(source.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnsupportedAssertError(f"not Python: {type(error).__name__}; supported: {SUPPORTED}") from error


class _Rewriter:
    """Rewrites asserts whose literals share one bound."""

    def __init__(self, literals: Literals) -> None:
        self._literals = literals

    def case(self, statement: ast.Assert) -> CallCase:  # noqa: PLR0911 - one line a form
        match statement.test:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                return self._equality(left, right)
            case ast.Compare(left=left, ops=[ast.Is()], comparators=[right]):
                return self._identity(left, right)
            case ast.Compare(left=left, ops=[(ast.Lt() | ast.LtE()) as sign], comparators=[right]):
                return self._within(left, right, inclusive=isinstance(sign, ast.LtE))
            case ast.Compare(left=left, ops=[(ast.Gt() | ast.GtE()) as sign], comparators=[right]):
                return self._within(right, left, inclusive=isinstance(sign, ast.GtE))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._truth(operand, expected=False)
            case ast.Call() as call if _name_of(call.func) == "isclose":
                return self._close(call)
            case ast.Call() as call:
                return self._truth(call, expected=True)
        raise UnsupportedAssertError(f"supported: one statement of the form {SUPPORTED}")

    def literal(self, node: ast.expr) -> object:
        try:
            return self._literals.read(node)
        except NotALiteralError as error:
            raise UnsupportedAssertError(f"{error}; supported: {SUPPORTED}") from error

    def _equality(self, left: ast.expr, right: ast.expr) -> CallCase:
        call, other = self._split(left, right)
        return self._call(call, self.literal(other), Equality.PYTHON)

    def _identity(self, left: ast.expr, right: ast.expr) -> CallCase:
        call, other = self._split(left, right)
        expected = self.literal(other)
        if expected is not None and not isinstance(expected, bool):
            raise UnsupportedAssertError(f"is, with None, True or False only; supported: {SUPPORTED}")
        return self._call(call, expected, Equality.IDENTITY)

    def _truth(self, node: ast.expr, *, expected: bool) -> CallCase:
        if not isinstance(node, ast.Call):
            raise UnsupportedAssertError(f"supported: one statement of the form {SUPPORTED}")
        return self._call(node, expected, Equality.TRUTH)

    def _close(self, call: ast.Call) -> CallCase:
        options = {str(each.arg): self.literal(each.value) for each in call.keywords}
        if len(call.args) != 2 or not options.keys() <= {"rel_tol", "abs_tol"}:
            raise UnsupportedAssertError(f"isclose(f(), x, rel_tol=, abs_tol=); supported: {SUPPORTED}")
        inner, other = self._split(*call.args)
        tolerance = Tolerance(
            rel=_bound(options.get("rel_tol", 1e-9)), abs=_bound(options.get("abs_tol", 0.0))
        )
        return self._call(inner, _number(self.literal(other)), Equality.CLOSE, tolerance)

    def _within(self, distance: ast.expr, bound: ast.expr, *, inclusive: bool) -> CallCase:
        match distance:
            case ast.Call(
                func=ast.Name("abs"), args=[ast.BinOp(left=left, op=ast.Sub(), right=right)], keywords=[]
            ):
                call, other = self._split(left, right)
                tolerance = Tolerance(abs=_bound(self.literal(bound)), inclusive=inclusive)
                return self._call(call, _number(self.literal(other)), Equality.WITHIN, tolerance)
        raise UnsupportedAssertError(f"supported: one statement of the form {SUPPORTED}")

    def _split(self, left: ast.expr, right: ast.expr) -> tuple[ast.Call, ast.expr]:
        """The call and the literal, whichever side each is on."""
        if isinstance(left, ast.Call) and not self._is_literal(left):
            return left, right
        if isinstance(right, ast.Call) and not self._is_literal(right):
            return right, left
        raise UnsupportedAssertError(f"one side must be a call; supported: {SUPPORTED}")

    def _is_literal(self, node: ast.expr) -> bool:
        try:
            self._literals.read(node)
        except NotALiteralError:
            return False
        return True

    def _call(
        self, node: ast.Call, expected: object, equality: Equality, tolerance: Tolerance | None = None
    ) -> CallCase:
        seen: list[views.View] = []
        while (inner := self._viewed(node)) is not None:
            seen.append(self._view(node))
            node = inner
        if any(keyword.arg is None for keyword in node.keywords):
            raise UnsupportedAssertError(f"** in a call is not supported; supported: {SUPPORTED}")
        return CallCase(
            entry_point=_entry_point(node),
            args=tuple(self.literal(argument) for argument in node.args),
            kwargs={str(keyword.arg): self.literal(keyword.value) for keyword in node.keywords},
            expected=expected,
            equality=equality,
            views=tuple(reversed(seen)),
            tolerance=tolerance,
        )

    def _view(self, node: ast.Call) -> views.View:
        try:
            return view(_name_of(node.func), [self.literal(option) for option in node.args[1:]])
        except NotALiteralError as error:
            raise UnsupportedAssertError(f"{error}; supported: {SUPPORTED}") from error

    def _viewed(self, node: ast.Call) -> ast.Call | None:
        """The call that a view is taken of; a program may well define a `sorted` of its own to be called."""
        name = _name_of(node.func)
        if name not in views.NAMES or node.keywords or not node.args:
            return None
        inner = node.args[0]
        return inner if isinstance(inner, ast.Call) and not self._is_literal(inner) else None


def _entry_point(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) if name not in _READING_CODE:
            return name
        case ast.Attribute(value=ast.Call(func=ast.Name("Solution"), args=[], keywords=[]), attr=name):
            return name
    raise UnsupportedAssertError(f"call a plain function name; supported: {SUPPORTED}")


def _name_of(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name("math" | "collections"), attr=name):
            return name
    return ""


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise UnsupportedAssertError(f"a number is needed; supported: {SUPPORTED}")
    return value


def _bound(value: object) -> float:
    number = _number(value)
    if not 0 <= number < float("inf"):
        raise UnsupportedAssertError("a tolerance is a finite number, 0 or more")
    return number
