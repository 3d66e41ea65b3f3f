"""The wire format: unknown members are refused, sizes bounded, and nothing reaches a box unconverted."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, JsonValue, Tag

from sandbox_runner.verdict import Integrity, Outcome, TestResult, Tier, Verdict

_TEXT = 16 << 20
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


class StdinTest(_Wire):
    stdin: str = Field(default="", max_length=_TEXT)
    stdout: str = Field(max_length=_TEXT)


class CallTest(_Wire):
    args: list[JsonValue] = []
    kwargs: dict[str, JsonValue] = {}
    expected: JsonValue


class AssertTest(_Wire):
    source: str = Field(alias="assert", max_length=65_536)


def _kind(test: Any) -> str:
    """Tell the forms apart by their members, so that an error speaks of one form only."""
    members = test if isinstance(test, dict) else {}
    if "assert" in members:
        return "assert"
    return "stdin" if "stdout" in members or "stdin" in members else "call"


Test = Annotated[
    Annotated[StdinTest, Tag("stdin")]
    | Annotated[CallTest, Tag("call")]
    | Annotated[AssertTest, Tag("assert")],
    Discriminator(_kind),
]


class JudgeRequest(_Wire):
    code: str = Field(max_length=_TEXT)
    language: str = "python"
    entry_point: str | None = Field(default=None, min_length=1, max_length=200)
    tests: list[Test] = Field(min_length=1)
    limits: LimitsModel = LimitsModel()
    stop_on_first_fail: bool = False
    checker: str | None = None


class RunRequest(_Wire):
    code: str = Field(max_length=_TEXT)
    language: str = "python"
    stdin: str = Field(default="", max_length=_TEXT)
    limits: LimitsModel = LimitsModel()


class TestModel(_Wire):
    outcome: Outcome
    stdout: str
    stderr: str
    cpu_s: float
    wall_s: float
    memory_bytes: int
    message: str
    returned: str | None

    @classmethod
    def of(cls, result: TestResult) -> "TestModel":
        return cls(**{name: getattr(result, name) for name in cls.model_fields})


class VerdictModel(_Wire):
    outcome: Outcome
    passed: int
    total: int
    tests: list[TestModel]

    @classmethod
    def of(cls, verdict: Verdict) -> "VerdictModel":
        tests = [TestModel.of(test) for test in verdict.tests]
        return cls(outcome=verdict.outcome, passed=verdict.passed, total=verdict.total, tests=tests)


class JudgeResponse(_Wire):
    verdict: VerdictModel
    integrity: Integrity
    tier: Tier


class RunResponse(_Wire):
    outcome: Outcome
    exit_code: int | None
    stdout: str
    stderr: str
    cpu_s: float
    wall_s: float
    memory_bytes: int
    message: str
    tier: Tier

    @classmethod
    def of(cls, result: TestResult, tier: Tier) -> "RunResponse":
        shown = {name: getattr(result, name) for name in cls.model_fields if name != "tier"}
        return cls(**shown, tier=tier)


class LanguageModel(_Wire):
    id: str
    version: str
    modes: list[Literal["stdin", "call", "assert"]]


class LanguagesResponse(_Wire):
    languages: list[LanguageModel]
    checkers: list[str]


class PrimitiveModel(_Wire):
    name: str
    holds: bool
    needed_for: Tier
    detail: str
    remedy: str


class ReadyResponse(_Wire):
    ready: bool
    tier: Tier
    min_tier: Tier
    walls: str
    primitives: list[PrimitiveModel]
