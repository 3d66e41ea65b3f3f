"""CommonOJ and LiveCodeBench: standard input and output, or a function's arguments and value."""

import json
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from sandbox_runner.api.fusion import provided
from sandbox_runner.api.fusion.errors import FusionError
from sandbox_runner.api.fusion.extraction import extract
from sandbox_runner.api.fusion.question import Question, Strong
from sandbox_runner.api.fusion.results import COMPILED
from sandbox_runner.api.fusion.run_code import ProgramMaker
from sandbox_runner.api.fusion.wire import SubmitRequest
from sandbox_runner.api.problems import InvalidRequestError
from sandbox_runner.domain.cases import CallCase, Case, StdinCase, Submission
from sandbox_runner.domain.checkers import Checker, CustomChecker
from sandbox_runner.domain.comparison import Equality

_RUN_S, _COMPILED_RUN_S, _LCB_RUN_S = 20.0, 10.0, 6.0
_LCB_TOTAL_S = 160.0
_STARS = (
    "typing collections itertools functools heapq bisect string operator math random copy datetime builtins"
)
_MODULES = (
    "sys os re io json math random string heapq bisect copy time datetime statistics itertools functools"
)
LCB_PRELUDE = "; ".join(
    [
        *(f"from {name} import *" for name in _STARS.split()),
        *(f"import {name}" for name in (_MODULES + " collections operator").split()),
    ]
)
"""LiveCodeBench's solutions are written against its harness, which imports these for them. One line: all
lines of a traceback move by one."""


class _StdioTest(TypedDict):
    input: dict[str, str]
    output: dict[str, str]


_STDIO_TESTS = TypeAdapter(list[_StdioTest])


def common_oj(request: SubmitRequest, maker: ProgramMaker) -> Question:
    config = request.config
    if not config.language:
        raise FusionError("config.language field must exist for CommonOJDataset, got None")
    try:
        tests = _STDIO_TESTS.validate_python(provided.member(provided.row(config.provided_data), "test"))
    except ValidationError as error:
        raise FusionError(f"provided_data.test: {InvalidRequestError.of(error)}") from None
    default_s = _COMPILED_RUN_S if config.language in COMPILED else _RUN_S
    cases = tuple(_stdin_case(test) for test in tests)
    shown = tuple({"input": dict(test["input"]), "output": dict(test["output"])} for test in tests)
    return _question(request, maker, _Tests(config.language, cases, default_s, shown))


def live_code_bench(request: SubmitRequest, maker: ProgramMaker) -> Question:
    test = provided.member(provided.row(request.config.provided_data), "test")
    packed = provided.member(test, "input_output") if isinstance(test, dict) else test
    if not isinstance(packed, dict):
        raise FusionError("provided_data.test.input_output must be an object")
    inputs, outputs = packed.get("inputs"), packed.get("outputs")
    if not isinstance(inputs, list) or not isinstance(outputs, list) or len(inputs) != len(outputs):
        raise FusionError("input_output needs inputs and outputs of the same number")
    name = packed.get("fn_name")
    if isinstance(name, str) and name and not name.isidentifier():
        raise FusionError("input_output.fn_name must be a Python name")
    cases: tuple[Case, ...] = tuple(
        _call_case(name, given, wanted) if isinstance(name, str) and name else _lines_case(given, wanted)
        for given, wanted in zip(inputs, outputs, strict=True)
    )
    return _question(
        request, maker, _Tests("python", cases, _LCB_RUN_S, prelude=f"{LCB_PRELUDE}\n", together=True)
    )


@dataclass(frozen=True, slots=True)
class _Tests:
    language: str
    cases: tuple[Case, ...]
    default_s: float
    shown: tuple[dict[str, Any], ...] | None = None
    prelude: str = ""
    together: bool = False
    """Whether the cases share a limit too."""


def _question(request: SubmitRequest, maker: ProgramMaker, tests: _Tests) -> Question:
    config = request.config
    extracted = extract(request.completion, tests.language)
    # A line of ours before `from __future__` would be a syntax error.
    code = extracted.code if "__future__" in extracted.code else tests.prelude + extracted.code
    maker.check(tests.language, code)
    maker.check_number_of_tests(len(tests.cases))
    submission = Submission(
        code=code,
        cases=tests.cases,
        limits=maker.limits(config.run_timeout, tests.default_s),
        stop_on_first_fail=not config.flag("run_all_cases"),
        checker=_checker(maker, config.extra.get("checker")),
        language=tests.language,
        packages=maker.packages(tests.language, extracted.code, {}),
    )
    total_s = _total_s(submission) if tests.together else None
    return Question(extracted, Strong(submission, tests.shown, total_s=total_s))


def _total_s(submission: Submission) -> float:
    """LiveCodeBench's own: a second more for each case than it may take, and five."""
    each_s = submission.limits.wall_s + 1
    return min(each_s * len(submission.cases) + 5, _LCB_TOTAL_S)


def _stdin_case(test: _StdioTest) -> StdinCase:
    if not test["input"].keys() <= {"stdin"} or test["output"].keys() != {"stdout"}:
        raise FusionError("a test has `stdin` and `stdout`; files are not supported")
    return StdinCase(test["input"].get("stdin", ""), test["output"]["stdout"])


def _lines_case(given: JsonValue, wanted: JsonValue) -> StdinCase:
    return StdinCase(_as_text(given), _as_text(wanted))


def _as_text(content: JsonValue) -> str:
    if isinstance(content, list):
        return "\n".join(map(str, content))
    return content if isinstance(content, str) else json.dumps(content)


def _call_case(name: str, given: JsonValue, wanted: JsonValue) -> CallCase:
    arguments = (
        # Not splitlines: a text may hold U+2028 and its like as they are.
        [_value(line) for line in given.split("\n") if line.strip()] if isinstance(given, str) else given
    )
    if not isinstance(arguments, list):
        raise FusionError("the inputs of a function are lines of JSON, or a list")
    expected = _value(wanted) if isinstance(wanted, str) else wanted
    return CallCase(name, tuple(arguments), {}, expected, Equality.NUMBERS)


def _value(line: str) -> JsonValue:
    try:
        found: JsonValue = json.loads(line)
    except (ValueError, RecursionError):
        raise FusionError("the inputs and outputs of a function must be JSON, one value a line") from None
    return found


def _checker(maker: ProgramMaker, asked: JsonValue) -> Checker | CustomChecker:
    try:
        return maker.checker(asked)
    except InvalidRequestError as error:
        raise FusionError(f"config.extra.{error}") from None
