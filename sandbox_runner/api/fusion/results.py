"""A test's result in SandboxFusion's words, with our own beside them under `x`."""

import base64
import re

from sandbox_runner.api.fusion.wire import CommandRunResult, Extension, RunCodeResponse
from sandbox_runner.domain.verdict import Integrity, Outcome, TestResult, Tier

COMPILED = frozenset({"cpp", "c", "go", "go_test", "java", "rust", "csharp", "swift", "scala", "D_ut"})
_KILLED, _FILE_TOO_LARGE, _BAD_SYSCALL = -9, -25, -31
_CODE_WHEN_KILLED = {
    Outcome.MEMORY_LIMIT: _KILLED,
    Outcome.OUTPUT_LIMIT: _FILE_TOO_LARGE,
    Outcome.FORBIDDEN_SYSCALL: _BAD_SYSCALL,
}
_JUDGED_WRONG = frozenset({Outcome.WRONG_ANSWER, Outcome.PRESENTATION_ERROR})
_PLACE = re.compile(r"(?P<error>.*)\nsolution\.py line (?P<line>\d+): (?P<source>.*)", re.DOTALL)


def response_of(result: TestResult, language: str, integrity: Integrity, tier: Tier) -> RunCodeResponse:
    if result.outcome is Outcome.INTERNAL_ERROR:
        return sandbox_error(result.message)
    command = _command(result)
    compiles = language in COMPILED
    failed_to_compile = compiles and result.outcome is Outcome.COMPILE_ERROR
    return {
        "status": "Success" if command["return_code"] == 0 else "Failed",
        "message": "",
        "compile_result": command if failed_to_compile else _compiled() if compiles else None,
        "run_result": None if failed_to_compile else command,
        "executor_pod_name": None,
        "files": {},
        "x": extension(result, integrity, tier),
    }


def sandbox_error(message: str) -> RunCodeResponse:
    return {
        "status": "SandboxError",
        "message": message,
        "compile_result": None,
        "run_result": None,
        "executor_pod_name": None,
        "files": {},
        "x": {"verdict": Outcome.INTERNAL_ERROR},
    }


def extension(result: TestResult, integrity: Integrity, tier: Tier) -> Extension:
    shown: Extension = {
        "verdict": result.outcome,
        "message": result.message,
        "cpu_ms": round(result.cpu_s * 1000, 3),
        "rss_kb": result.memory_bytes >> 10,
        "truncated": result.truncated or result.outcome is Outcome.OUTPUT_LIMIT,
        "integrity": integrity,
        "tier": tier,
    }
    if result.raw_stdout is not None:
        shown["stdout_b64"] = base64.b64encode(result.raw_stdout).decode()
    return shown


def _command(result: TestResult) -> CommandRunResult:
    timed_out = result.outcome is Outcome.TIME_LIMIT
    return {
        "status": "TimeLimitExceeded" if timed_out else "Finished",
        "execution_time": result.wall_s,
        "return_code": None if timed_out else _return_code(result),
        "stdout": result.stdout,
        "stderr": result.stderr or _compiler_message(result),
    }


def _return_code(result: TestResult) -> int:
    """What the program exited with; never 0 where it failed, whatever it exited with."""
    if result.outcome is Outcome.ACCEPTED or result.outcome in _JUDGED_WRONG:
        return 0
    return result.exit_code or _CODE_WHEN_KILLED.get(result.outcome, 1)


def _compiled() -> CommandRunResult:
    return {"status": "Finished", "execution_time": None, "return_code": 0, "stdout": "", "stderr": ""}


def _compiler_message(result: TestResult) -> str:
    """A syntax error as the interpreter prints it; clients show it to the model."""
    if result.outcome is not Outcome.COMPILE_ERROR:
        return ""
    found = _PLACE.fullmatch(result.message)
    if found is None:
        return result.message + "\n"
    place = f'  File "solution.py", line {found["line"]}\n    {found["source"]}\n'
    return f"{place}{found['error']}\n"
