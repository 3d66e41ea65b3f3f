"""HumanEval, MBPP and AutoEval: tests that are Python.

Asserts that can be rewritten into calls are judged out here, others in a jail of their own. What neither can
judge runs behind the program, in its process, and passes when the program that it ends prints a nonce: weak,
because the program can read its own process.
"""

import ast
import secrets
from collections.abc import Sequence

from pydantic import JsonValue

from sandbox_runner import asserts
from sandbox_runner.api.fusion import provided
from sandbox_runner.api.fusion.errors import FusionError
from sandbox_runner.api.fusion.extraction import Extracted, Kind, extract
from sandbox_runner.api.fusion.question import Question, Strong, Weak
from sandbox_runner.api.fusion.run_code import ProgramMaker
from sandbox_runner.api.fusion.wire import SubmitRequest
from sandbox_runner.cases import CallCase, Case, CodeCase, Program, Submission

_RUN_S = 20.0
_LANGUAGE = "python"
_REWRITABLE_CHARACTERS = 262_144
_INSERT_HERE = "#<INSERT>"


def human_eval(request: SubmitRequest, maker: ProgramMaker) -> Question:
    row = provided.row(request.config.provided_data)
    _only_python(row.get("language"))
    tests, name = provided.text(row, "tests", "test"), provided.text(row, "entry_point")
    extracted = _completed(request, provided.text(row, "prompt"), name)
    call = f"\ncheck({name})" if name and "def check(" in tests else ""
    return _question(request, maker, extracted, tests + call)


def mbpp(request: SubmitRequest, maker: ProgramMaker) -> Question:
    row = provided.row(request.config.provided_data)
    tests = provided.member(row, "test" if "test" in row else "test_list")
    if not isinstance(tests, list) or not all(isinstance(test, str) for test in tests):
        raise FusionError("provided_data.test must be a list of asserts")
    setup = provided.text(provided.optional(row, "labels"), "test_setup_code") or provided.text(
        row, "test_setup_code"
    )
    return _question(
        request, maker, extract(request.completion, _LANGUAGE), "\n".join([setup, *map(str, tests)])
    )


def auto_eval(request: SubmitRequest, maker: ProgramMaker) -> Question:
    row = provided.row(request.config.provided_data)
    labels = provided.optional(row, "labels")
    _only_python(labels.get("programming_language"))
    _only_python(labels.get("execution_language"))
    test = provided.member(row, "test")
    if not isinstance(test, dict):
        raise FusionError("provided_data.test must be an object with `code`")
    assets = provided.optional(test, "asset")
    files = maker.files({name: str(content) for name, content in assets.items()})
    extracted = extract(request.completion, _LANGUAGE)
    return _question(request, maker, extracted, provided.text(test, "code"), files)


def _question(
    request: SubmitRequest,
    maker: ProgramMaker,
    extracted: Extracted,
    tests: str,
    files: dict[str, bytes] | None = None,
) -> Question:
    full_code = _assembled(extracted.code, tests)
    maker.check(_LANGUAGE, full_code)
    limits = maker.limits(request.config.run_timeout, _RUN_S)
    packages = maker.packages(_LANGUAGE, full_code, files or {})
    nonce = secrets.token_hex(16)
    code = f"{full_code}\nprint({nonce!r}, flush=True)\n"
    weak = Weak(Program(code, "", limits, language=_LANGUAGE, packages=packages, files=files or {}), nonce)
    if files or _INSERT_HERE in tests:
        return Question(extracted, weak, full_code)
    cases: tuple[Case, ...] = calls_of(tests) or (CodeCase(tests),)
    submission = Submission(
        extracted.code, cases, limits, stop_on_first_fail=True, language=_LANGUAGE, packages=packages
    )
    return Question(extracted, Strong(submission, None, weak), full_code)


def calls_of(tests: str) -> tuple[CallCase, ...] | None:
    """The tests as calls; None when any part of them is more than asserts that can be rewritten."""
    if len(tests) > _REWRITABLE_CHARACTERS:
        return None
    try:
        statements = ast.parse(tests).body
        return tuple(asserts.rewrite(ast.unparse(each)) for each in _asserts_of(statements))
    except (asserts.UnsupportedAssertError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _asserts_of(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The asserts of a module, or of its `check(candidate)` with the name that it is called with."""
    check: ast.FunctionDef | None = None
    found: list[ast.stmt] = []
    for each in statements:
        if isinstance(each, ast.Assert):
            found.append(each)
        elif isinstance(each, ast.FunctionDef) and each.name == "check" and len(each.args.args) == 1:
            check = each
        elif (name := _checked(each)) is not None and check is not None:
            rename = _Renamed(check.args.args[0].arg, name)
            found.extend(rename.visit(inner) for inner in check.body if not _is_idle(inner))
        elif not _is_idle(each):
            raise asserts.UnsupportedAssertError("more than asserts")
    return found


def _checked(statement: ast.stmt) -> str | None:
    """The name in `check(name)`."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Name(id="check"), args=[ast.Name(id=name)], keywords=[])):
            return str(name)
    return None


def _is_idle(statement: ast.stmt) -> bool:
    """A docstring, `pass`, or HumanEval's METADATA: nothing that a test depends on."""
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(targets=[ast.Name(id="METADATA")]):
            return True
    return False


class _Renamed(ast.NodeTransformer):
    def __init__(self, old: str, new: str) -> None:
        self._old = old
        self._new = new

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self._new if node.id == self._old else node.id, node.ctx)


def _assembled(code: str, tests: str) -> str:
    if _INSERT_HERE in tests:
        return tests.replace(_INSERT_HERE, code, 1)
    return f"{code}\n{tests}"


def _completed(request: SubmitRequest, prompt: str, name: str) -> Extracted:
    """A whole answer in a fence, or the bare rest of a function that the prompt begins."""
    completion = request.completion
    if name and f"def {name}" in completion and "```" not in completion:
        return Extracted(completion, Kind.HEURISTIC)
    if not request.config.flag("is_freeform") and "```" not in completion:
        return Extracted(f"{prompt}\n{_indented_start(completion)}", Kind.HEURISTIC)
    extracted = extract(completion, _LANGUAGE)
    if name and f"def {name}" not in extracted.code:
        return Extracted(f"{prompt}\n{extracted.code}", extracted.kind)
    return extracted


def _indented_start(completion: str) -> str:
    """Up to the first line that belongs to no function any more."""
    kept: list[str] = []
    for line in completion.splitlines(keepends=True):
        if kept and line.strip() and not line[0].isspace():
            break
        kept.append(line)
    return "".join(kept)


def _only_python(language: JsonValue) -> None:
    if language not in {None, _LANGUAGE}:
        raise FusionError(f"language {str(language)[:40]} not installed")
