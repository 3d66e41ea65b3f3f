"""HumanEval, MBPP and AutoEval: tests that are Python.

Asserts that can be rewritten into calls are judged out here, others in a jail of their own. What neither can
judge runs behind the program, in its process, and passes when the program that it ends prints a nonce: weak,
because the program can read its own process.
"""

import ast
import re
import secrets
from dataclasses import dataclass, field

from pydantic import JsonValue

from sandbox_runner.api.fusion import provided
from sandbox_runner.api.fusion.errors import FusionError
from sandbox_runner.api.fusion.extraction import Extracted, Kind, extract
from sandbox_runner.api.fusion.question import Question, Strong, Weak
from sandbox_runner.api.fusion.run_code import ProgramMaker
from sandbox_runner.api.fusion.wire import SubmitRequest
from sandbox_runner.domain import asserts
from sandbox_runner.domain.cases import Case, CodeCase, Program, Submission

_RUN_S = 20.0
_LANGUAGE = "python"
_INSERT_HERE = "#<INSERT>"


def human_eval(request: SubmitRequest, maker: ProgramMaker) -> Question:
    row = provided.row(request.config.provided_data)
    _only_python(row.get("language"))
    tests, name = provided.text(row, "tests", "test"), provided.text(row, "entry_point")
    extracted = _completed(request, provided.text(row, "prompt"), name)
    call = f"\ncheck({name})" if name and "def check(" in tests else ""
    helpers = _helpers(provided.text(row, "prompt"), name, tests)
    return _question(request, maker, extracted, _Tests(tests + call, helpers))


def mbpp(request: SubmitRequest, maker: ProgramMaker) -> Question:
    row = provided.row(request.config.provided_data)
    tests = provided.member(row, "test" if "test" in row else "test_list")
    if not isinstance(tests, list) or not all(isinstance(test, str) for test in tests):
        raise FusionError("provided_data.test must be a list of asserts")
    setup = provided.text(provided.optional(row, "labels"), "test_setup_code") or provided.text(
        row, "test_setup_code"
    )
    return _question(
        request, maker, extract(request.completion, _LANGUAGE), _Tests("\n".join([setup, *map(str, tests)]))
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
    return _question(request, maker, extracted, _Tests(provided.text(test, "code"), files=files))


@dataclass(frozen=True, slots=True)
class _Tests:
    source: str
    helpers: str = ""
    """What stands before it in a jail of its own."""
    files: dict[str, bytes] = field(default_factory=dict)


def _question(
    request: SubmitRequest,
    maker: ProgramMaker,
    extracted: Extracted,
    tests: _Tests,
) -> Question:
    if all(line.lstrip()[:1] in {"", "#"} for line in tests.source.splitlines()):
        raise FusionError("provided_data: there are no tests, which every program would pass")
    full_code, files = _assembled(extracted.code, tests.source), tests.files
    maker.check(_LANGUAGE, full_code)
    limits = maker.limits(request.config.run_timeout, _RUN_S)
    packages = maker.packages(_LANGUAGE, full_code, files)
    nonce = secrets.token_hex(16)
    code = f"{full_code}\nprint({nonce!r}, flush=True)\n"
    weak = Weak(Program(code, "", limits, language=_LANGUAGE, packages=packages, files=files), nonce)
    if files or _INSERT_HERE in tests.source:
        return Question(extracted, weak, full_code)
    submission = Submission(
        extracted.code,
        _cases(tests),
        limits,
        stop_on_first_fail=True,
        language=_LANGUAGE,
        packages=packages,
    )
    return Question(extracted, Strong(submission, None, weak), full_code)


def _cases(tests: _Tests) -> tuple[Case, ...]:
    """One call for each assert; one piece of test code where any part is more than those."""
    try:
        return tuple(asserts.rewrite_all(tests.source))
    except asserts.UnsupportedAssertError:
        return (CodeCase(tests.helpers + tests.source),)


def _helpers(prompt: str, name: str, tests: str) -> str:
    """Functions and imports of the prompt that tests use, lest a completion define anew what judges it."""
    if len(prompt) + len(tests) > asserts.MOST_SOURCE:
        return ""
    try:
        statements, names = ast.parse(prompt).body, ast.walk(ast.parse(tests))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    used = {each.id for each in names if isinstance(each, ast.Name)}
    functions = [each for each in statements if isinstance(each, ast.FunctionDef) and each.name != name]
    imports = [each for each in statements if isinstance(each, ast.Import | ast.ImportFrom)]
    imported = {alias.asname or alias.name.partition(".")[0] for each in imports for alias in each.names}
    if used.isdisjoint([*imported, *(each.name for each in functions)]):
        return ""
    kept = (each for each in statements if each in functions or each in imports)
    return "".join(f"{ast.unparse(each)}\n" for each in kept)


def _assembled(code: str, tests: str) -> str:
    if _INSERT_HERE in tests:
        return tests.replace(_INSERT_HERE, code, 1)
    return f"{code}\n{tests}"


def _completed(request: SubmitRequest, prompt: str, name: str) -> Extracted:
    """A whole answer in a fence, or the bare rest of a function that the prompt begins."""
    completion = request.completion
    if _defines(completion, name) and "```" not in completion:
        return Extracted(completion, Kind.HEURISTIC)
    if not request.config.flag("is_freeform") and "```" not in completion:
        return Extracted(f"{prompt}\n{_indented_start(completion)}", Kind.HEURISTIC)
    extracted = extract(completion, _LANGUAGE)
    if name and not _defines(extracted.code, name):
        return Extracted(f"{prompt}\n{extracted.code}", extracted.kind)
    return extracted


def _defines(code: str, name: str) -> bool:
    return name != "" and re.search(rf"\bdef\s+{re.escape(name)}\b", code) is not None


def _indented_start(completion: str) -> str:
    """Up to the first line that belongs to no function any more."""
    kept: list[str] = []
    for line in completion.splitlines(keepends=True):
        if kept and line.strip() and not line[0].isspace():
            break
        kept.append(line)
    return "".join(kept)


def _only_python(language: JsonValue) -> None:
    if language is not None and language != _LANGUAGE:
        raise FusionError(f"language {str(language)[:40]} not installed")
