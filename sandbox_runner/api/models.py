"""The wire format: unknown members are refused, sizes bounded, and nothing reaches a box unconverted."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, JsonValue, Tag
from typing_extensions import TypedDict

from sandbox_runner.api.refusals import ProblemBody
from sandbox_runner.domain.cases import DEFAULT_LANGUAGE
from sandbox_runner.domain.comparison import Equality
from sandbox_runner.domain.verdict import Integrity, Outcome, Tier

_TEXT = 16 << 20
_NAME = 200
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Count = Annotated[int, Field(gt=0)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitsModel(_Wire):
    cpu_s: _Positive | None = None
    wall_s: _Positive | None = None
    memory_bytes: _Count | None = None
    output_bytes: _Count | None = None
    processes: _Count | None = None


class _Test(_Wire):
    public: bool = False
    """Feedback for whoever wrote the program may show it."""


class StdinTest(_Test):
    stdin: str = Field(default="", max_length=_TEXT)
    stdout: str = Field(max_length=_TEXT)


class CallTest(_Test):
    args: list[JsonValue] = Field(default_factory=list)
    kwargs: dict[str, JsonValue] = Field(default_factory=dict)
    expected: JsonValue
    equality: Literal[Equality.JSON, Equality.NUMBERS] = Equality.JSON


class AssertTest(_Test):
    source: str = Field(alias="assert", max_length=_TEXT)


class PytestTest(_Test):
    files: dict[str, str] = Field(alias="pytest", min_length=1, max_length=100)
    """Test files by name. They import the program as `solution`, or by another of `names`."""
    names: list[str] = Field(default=["solution"], min_length=1, max_length=20)


def _kind(test: Any) -> str:
    """Tell the forms apart by their members, so that an error speaks of one form only."""
    members = test if isinstance(test, dict) else {}
    for kind in ("assert", "pytest"):
        if kind in members:
            return kind
    return "stdin" if "stdout" in members or "stdin" in members else "call"


Test = Annotated[
    Annotated[StdinTest, Tag("stdin")]
    | Annotated[CallTest, Tag("call")]
    | Annotated[AssertTest, Tag("assert")]
    | Annotated[PytestTest, Tag("pytest")],
    Discriminator(_kind),
]


class _ProgramRequest(_Wire):
    code: str = Field(max_length=_TEXT)
    language: str = Field(default=DEFAULT_LANGUAGE, max_length=_NAME)
    packages: str | None = Field(default=None, max_length=_NAME)
    """None: those that the code speaks of."""
    limits: LimitsModel = LimitsModel()
    require_tier: Literal["T1", "T2", "T3", "T4"] | None = None
    """The weakest walls that the client accepts."""
    deadline_s: _Positive | None = None
    """How long from the arrival of the request a slot is of use."""


class JudgeRequest(_ProgramRequest):
    entry_point: str | None = Field(default=None, min_length=1, max_length=_NAME)
    tests: list[Test] = Field(min_length=1)
    stop_on_first_fail: bool = False
    checker: str | dict[str, JsonValue] | None = None
    answer_bytes: _Count | None = None
    """The client's own bound on what is told of outputs, where it reads less than the service would tell."""


class BatchRequest(_Wire):
    submissions: list[JudgeRequest] = Field(min_length=1)


class LooseBatchRequest(_Wire):
    """A batch of which a submission may be anything, to tell which."""

    submissions: list[JsonValue] = Field(min_length=1)


class RunRequest(_ProgramRequest):
    stdin: str = Field(default="", max_length=_TEXT)


class TestBody(TypedDict):
    outcome: Outcome
    stdout: str
    stderr: str
    cpu_s: float
    wall_s: float
    memory_bytes: int
    message: str
    returned: str | None
    limit: str | None
    signal: str | None


class SummaryBody(TypedDict):
    outcome: Outcome
    passed: int
    total: int


class VerdictBody(SummaryBody):
    tests: list[TestBody]
    feedback: str | None
    """What a critic may be told: the first failing test, with its expectation only if it is public."""


class JudgeBody(TypedDict):
    verdict: VerdictBody
    integrity: Integrity
    tier: Tier


class TestLine(TypedDict):
    submission: int
    test: int
    result: TestBody


class VerdictLine(TypedDict):
    submission: int
    verdict: SummaryBody
    integrity: Integrity
    tier: Tier


class ErrorLine(TypedDict):
    submission: int
    error: ProblemBody


class ErrorBody(TypedDict):
    error: ProblemBody


Line = TestLine | VerdictLine | ErrorLine | ErrorBody


class BatchBody(TypedDict):
    results: list[JudgeBody | ErrorBody]


class RunBody(TypedDict):
    outcome: Outcome
    exit_code: int | None
    stdout: str
    stderr: str
    cpu_s: float
    wall_s: float
    memory_bytes: int
    message: str
    tier: Tier


class LanguageBody(TypedDict):
    id: str
    version: str
    modes: list[str]
    packages: list[str]


class LanguagesBody(TypedDict):
    languages: list[LanguageBody]
    checkers: list[str]


class PrimitiveBody(TypedDict):
    name: str
    holds: bool
    needed_for: Tier
    detail: str
    remedy: str


class ReadyBody(TypedDict):
    ready: bool
    tier: Tier
    min_tier: Tier
    walls: str
    primitives: list[PrimitiveBody]
    draining: bool
