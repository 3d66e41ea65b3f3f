"""`/run_code`: one program, run once. What the client judges by, the program can forge: integrity is weak."""

import base64
from collections.abc import Collection, Mapping

from sandbox_runner.api.convert import Converter
from sandbox_runner.api.fusion import names
from sandbox_runner.api.fusion.errors import FusionError
from sandbox_runner.api.fusion.results import response_of
from sandbox_runner.api.fusion.sent_files import sent_files
from sandbox_runner.api.fusion.wire import RunCodeRequest, RunCodeResponse
from sandbox_runner.domain.cases import Program
from sandbox_runner.domain.checkers import Checker, CustomChecker
from sandbox_runner.domain.verdict import Integrity, Limits, TestResult, Tier
from sandbox_runner.settings import Settings

DEFAULT_RUN_S = 10.0
PATIENCE_S = 8.0
"""How much longer than its program may run a request waits for a slot; clients wait a little longer still."""


class ProgramMaker:
    """Programs and limits from what SandboxFusion's clients ask; too much is clamped, not refused."""

    def __init__(self, settings: Settings, converter: Converter) -> None:
        self._settings = settings
        self._converter = converter

    def program(self, request: RunCodeRequest) -> Program:
        self.check(request.language, request.code)
        files = self.files(_with_content(request.files))
        fetch = tuple(dict.fromkeys(map(names.relative, _named(request.fetch_files))))
        self._check_scratch(fetch)
        return Program(
            code=request.code,
            stdin=request.stdin or "",
            limits=self.limits(request.run_timeout, DEFAULT_RUN_S, request.memory_limit_mb),
            language=request.language,
            packages=self.packages(request.language, request.code, files),
            files=files,
            fetch=fetch,
        )

    def files(self, sent: Mapping[str, str]) -> dict[str, bytes]:
        self._check_scratch(sent)
        return sent_files(sent, self._settings.output_bytes)

    def _check_scratch(self, named: Collection[str]) -> None:
        if named and not self._converter.has_scratch:
            raise FusionError("files need namespaces (tier T2)")

    def check(self, language: str, code: str) -> None:
        if language not in self._converter.languages:
            raise FusionError(f"language {language[:40]} not installed")
        if len(code) > self._settings.max_code_bytes:
            raise FusionError(f"code of more than {self._settings.max_code_bytes} bytes")

    def check_number_of_tests(self, number: int) -> None:
        if not 0 < number <= self._settings.max_tests:
            raise FusionError(f"between 1 and {self._settings.max_tests} tests are needed")

    def limits(self, run_timeout: float | None, default_s: float, memory_mb: int | None = None) -> Limits:
        settings = self._settings
        asked_s = default_s if run_timeout is None or not run_timeout > 0 else run_timeout
        asked_bytes = settings.fusion_memory_bytes if memory_mb is None or memory_mb <= 0 else memory_mb << 20
        memory_bytes = min(max(asked_bytes, settings.min_memory_bytes), settings.max_memory_bytes)
        processes = min(settings.fusion_processes, settings.max_processes)
        return Limits(
            cpu_s=min(asked_s, settings.max_cpu_s),
            wall_s=min(asked_s, settings.max_wall_s),
            memory_bytes=memory_bytes,
            output_bytes=settings.output_bytes,
            processes=processes if self._converter.may_fork else 1,
        )

    def checker(self, asked: object) -> Checker | CustomChecker:
        return self._converter.checker(asked)

    def packages(self, language: str, code: str, files: Mapping[str, bytes]) -> str:
        return self._converter.packages_for(language, code, *files.values())


def run_code_body(request: RunCodeRequest, result: TestResult, tier: Tier) -> RunCodeResponse:
    body = response_of(result, request.language, Integrity.WEAK, tier)
    for name in _named(request.fetch_files):
        content = result.files.get(names.relative(name))
        if content is not None:
            body["files"][name] = base64.b64encode(content).decode()
    return body


def _with_content(files: Mapping[str, str | None]) -> dict[str, str]:
    return {name: content for name in _named(files) if (content := files[name]) is not None}


def _named(files: Mapping[str, str | None] | list[str]) -> list[str]:
    return [name for name in files if names.IGNORED not in name]
