"""Wire form of a task: the problem, the caller's tests, and every bound on them."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from service.domain.extraction import extract_code
from service.domain.task import AssertTest, CallTest, Candidate, Equality, StdinTest, Task, Test

PROBLEM_CHARS = 100_000
CODE_CHARS = 200_000
RESPONSE_CHARS = 1_000_000
"""Of a response that a trainer sends whole, thoughts included: the longest rollouts must not fail."""
TEST_CHARS = 1_000_000
ASSERT_CHARS = 1_000_000
TESTS = 500
MEMBERS = 100
"""Of an object with known members, far above what any has."""

_CALL_FIELDS = frozenset({"args", "kwargs", "expected", "equality"})
_TEST_FIELDS = _CALL_FIELDS | {"stdin", "stdout", "assert"}

_CALL = re.compile(r"\bassert\b\W{0,100}([A-Za-z_]\w*)\s*\(")


def _not_blank(problem: str) -> str:
    if not problem.strip():
        raise ValueError("must say what is asked for; it is blank")
    return problem


ProblemText = Annotated[str, Field(min_length=1, max_length=PROBLEM_CHARS), AfterValidator(_not_blank)]
CodeText = Annotated[str, Field(max_length=CODE_CHARS)]
ModelName = Annotated[str, Field(min_length=1, max_length=128)]


class Wire(BaseModel):
    """A JSON body: unknown fields are refused, so that a misspelt one is noticed; null means the default."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _is_an_object(cls, value: object) -> object:
        if not isinstance(value, dict | BaseModel):
            raise ValueError("must be a JSON object, sent as application/json")  # noqa: TRY004 - pydantic reports ValueErrors
        if isinstance(value, dict) and len(value) > MEMBERS:
            # Each that is unknown would be a complaint of its own: a body of them took seconds.
            raise ValueError(f"has {len(value)} members, and no such object has more than {MEMBERS}")
        if isinstance(value, dict) and None in value.values():
            return {name: one for name, one in value.items() if one is not None or not cls._has_default(name)}
        return value

    @classmethod
    def _has_default(cls, name: str) -> bool:
        """Whether a field may be left out. Of one that may not, such as `expected`, null is a value."""
        return name in cls.model_fields and not cls.model_fields[name].is_required()


class _TestFields(Wire):
    """A test of any kind. Tables pad tests of several kinds with nulls to one form: those say nothing."""

    @classmethod
    def _has_default(cls, name: str) -> bool:
        own = {field.alias or key for key, field in cls.model_fields.items()}
        return super()._has_default(name) or (name in _TEST_FIELDS and name not in own)


class StdinTestIn(_TestFields):
    """Run the program with `stdin`; it must print `stdout`."""

    stdin: str = Field(max_length=TEST_CHARS)
    stdout: str = Field(max_length=TEST_CHARS)
    equality: Equality = Field(
        default=Equality.JSON, description="`numbers`: 0.5 is 0.50, and white space does not count."
    )

    def to_domain(self) -> Test:
        return StdinTest(self.stdin, self.stdout, self.equality)


class CallTestIn(_TestFields):
    """Call `entry_point` with these arguments; it must return `expected`."""

    args: list[JsonValue] = Field(default=[], max_length=100)
    kwargs: dict[str, JsonValue] = Field(default={}, max_length=100)
    expected: JsonValue
    equality: Equality = Field(
        default=Equality.JSON, description="`numbers`: 1 is 1.0 and True, as in LiveCodeBench."
    )

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        try:
            text = json.dumps([self.args, self.kwargs, self.expected], allow_nan=False)
        except ValueError as error:
            raise ValueError("numbers must be finite: JSON has no infinity") from error
        if len(text) > TEST_CHARS:
            raise ValueError(f"a test is at most {TEST_CHARS} characters long as JSON")
        if "\\ud" in text and not _is_whole([self.args, self.kwargs, self.expected]):
            raise ValueError("half of a surrogate pair is no text, and cannot be sent to a program")
        return self

    def to_domain(self) -> Test:
        return CallTest(tuple(self.args), self.expected, dict(self.kwargs), self.equality)


def _is_whole(value: JsonValue) -> bool:
    """Whether all text in it is; a label that is JSON inside a text may hold what a body may not."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


class AssertTestIn(_TestFields):
    """Run one assert statement that speaks of `entry_point`."""

    model_config = ConfigDict(validate_by_name=False, validate_by_alias=True)

    source: str = Field(alias="assert", min_length=1, max_length=ASSERT_CHARS)

    def to_domain(self) -> Test:
        return AssertTest(self.source)


def _kind(value: object) -> str | None:
    """Tell a test's kind by its keys, so that complaints are about that kind alone."""
    if isinstance(value, BaseModel):
        return KINDS.get(type(value))
    if not isinstance(value, dict):
        return None
    said = {name for name, one in value.items() if one is not None}
    if "assert" in said:
        return "assert"
    if {"stdin", "stdout"} & said:
        return "stdin"
    if said:
        return "call" if _CALL_FIELDS & said else None
    return "call" if "expected" in value and value.keys() <= _CALL_FIELDS else None


KINDS: Mapping[type[BaseModel], str] = {StdinTestIn: "stdin", CallTestIn: "call", AssertTestIn: "assert"}

TestIn = Annotated[
    Annotated[StdinTestIn, Tag("stdin")]
    | Annotated[CallTestIn, Tag("call")]
    | Annotated[AssertTestIn, Tag("assert")],
    Discriminator(
        _kind,
        custom_error_type="test_kind",
        custom_error_message='a test is {"stdin", "stdout"}, {"args", "kwargs", "expected"} or {"assert"}',
    ),
]


class InterfaceFields(Wire):
    """How a program is reached, and the caller's tests of it."""

    entry_point: str | None = Field(
        default=None,
        max_length=200,
        description="The function under test; null means a program that reads standard input.",
    )
    tests: list[TestIn] | None = Field(
        default=None,
        max_length=TESTS,
        fail_fast=True,
        description="Public tests: all of them stdin tests, or none.",
    )
    language: Literal["python"] = "python"
    usual_imports: bool = Field(
        default=False,
        description="Import the usual modules before a program is run, as LiveCodeBench's judge does.",
    )

    @field_validator("entry_point")
    @classmethod
    def _is_a_name(cls, entry_point: str | None) -> str | None:
        if entry_point is None or all(part.isidentifier() for part in entry_point.split(".")):
            return entry_point
        raise ValueError("must be the name of a function, such as solve, or Solution.solve")

    @field_validator("tests")
    @classmethod
    def _are_of_one_kind(cls, tests: list[TestIn] | None, info: ValidationInfo) -> list[TestIn] | None:
        kinds = sorted({KINDS[type(test)] for test in tests or ()})
        if "stdin" in kinds and len(kinds) > 1:
            raise ValueError(f"must be of one kind, not {' and '.join(kinds)}: send a request for each")
        if len({test.equality for test in tests or () if isinstance(test, StdinTestIn)}) > 1:
            raise ValueError("stdin tests must be of one equality: send a request for each")
        if not kinds or "entry_point" not in info.data:
            return tests
        entry_point = info.data["entry_point"]
        if kinds == ["stdin"] and entry_point is not None:
            raise ValueError(
                f"stdin tests run a whole program, but entry_point is {entry_point!r}: "
                "leave entry_point out, or give tests with args and expected"
            )
        if "call" in kinds and entry_point is None:
            raise ValueError("tests with args need entry_point, the name of the function to call")
        return tests

    def task_of(self, problem: str) -> Task:
        tests = tuple(test.to_domain() for test in self.tests or ())
        return Task(
            problem,
            self.entry_point or _called(tests),
            tests,
            self.language,
            usual_imports=self.usual_imports,
        )


class TaskFields(InterfaceFields):
    """The part of a request that says what is asked for."""

    problem: ProblemText

    def to_task(self) -> Task:
        return self.task_of(self.problem)


def _called(tests: Sequence[Test]) -> str | None:
    """Name the function that asserts call: without it the prompt would ask for a program on stdin."""
    for test in tests:
        if isinstance(test, AssertTest) and (call := _CALL.search(test.source)):
            return call[1]
    return None


def candidate_of(solution: str) -> Candidate:
    """Take a program as given, or out of the fence that an assistant's answer has it in."""
    return Candidate(extract_code(solution), solution)
