"""SandboxFusion's requests. Unknown members are ignored, as its clients expect."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from typing_extensions import TypedDict

_ANY_NUMBER = 1_000_000


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class RunCodeRequest(_Wire):
    code: str
    language: str
    stdin: str | None = None
    compile_timeout: float | None = None
    run_timeout: float | None = None
    memory_limit_mb: int | None = Field(default=None, alias="memory_limit_MB")
    files: dict[str, str | None] = {}
    fetch_files: list[str] = []


class RunJupyterRequest(_Wire):
    cells: list[str]


class TestConfig(_Wire):
    dataset_type: str | None = None
    language: str | None = None
    run_timeout: float | None = None
    custom_extract_logic: str | None = None
    provided_data: dict[str, JsonValue] | list[JsonValue] | None = None
    extra: dict[str, JsonValue] = {}

    def flag(self, name: str) -> bool:
        return bool(self.extra.get(name))


class SubmitRequest(_Wire):
    dataset: str
    id: int | str
    completion: str
    config: TestConfig


class GetPromptsRequest(_Wire):
    dataset: str
    config: TestConfig
    offset: int = Field(default=0, ge=0)
    limit: int = Field(default=_ANY_NUMBER, ge=0)


class GetPromptByIdRequest(_Wire):
    dataset: str
    config: TestConfig
    id: int | str


class DatasetRequest(_Wire):
    """What `/get_metrics` and `/get_metrics_function` have in common."""

    dataset: str
    config: TestConfig


class Extension(TypedDict, total=False):
    """What SandboxFusion has no member for; its clients ignore it."""

    verdict: str
    message: str
    cpu_ms: float
    rss_kb: int
    truncated: bool
    integrity: str
    tier: str
    stdout_b64: str
    passed: int
    total: int


class CommandRunResult(TypedDict):
    status: Literal["Finished", "Error", "TimeLimitExceeded"]
    execution_time: float | None
    return_code: int | None
    stdout: str
    stderr: str


class RunCodeResponse(TypedDict):
    status: Literal["Success", "Failed", "SandboxError"]
    message: str
    compile_result: CommandRunResult | None
    run_result: CommandRunResult | None
    executor_pod_name: str | None
    files: dict[str, str]
    x: Extension


class RunJupyterResponse(TypedDict):
    status: Literal["SandboxError"]
    message: str
    driver: None
    cells: list[JsonValue]
    executor_pod_name: None
    files: dict[str, str]


class EvalTestCase(TypedDict):
    passed: bool
    exec_info: RunCodeResponse
    test_info: dict[str, Any] | None


class EvalResult(TypedDict):
    id: int | str
    accepted: bool
    extracted_code: str
    full_code: str | None
    test_code: str | None
    tests: list[EvalTestCase]
    extracted_type: str
    extra: dict[str, Any] | None
    x: Extension


class Prompt(TypedDict):
    id: JsonValue
    prompt: str
    labels: JsonValue
