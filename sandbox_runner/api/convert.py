"""From the wire to what is judged: names resolved, limits filled in and held to the caps of this machine."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox_runner import asserts
from sandbox_runner.api.models import (
    AssertTest,
    CallTest,
    JudgeRequest,
    LimitsModel,
    RunRequest,
    StdinTest,
)
from sandbox_runner.api.problems import FieldError, InvalidRequestError
from sandbox_runner.cases import CallCase, Case, Program, StdinCase, Submission
from sandbox_runner.checkers import CHECKERS, DEFAULT_CHECKER
from sandbox_runner.comparison import Equality
from sandbox_runner.settings import Settings
from sandbox_runner.verdict import Limits, Tier


@dataclass(frozen=True, slots=True)
class Language:
    """What a request may ask for, of one language."""

    version: str
    modes: tuple[str, ...]
    packages: tuple[str, ...]


LANGUAGES: Mapping[str, Language] = {
    "python": Language(platform.python_version(), ("stdin", "call", "assert"), ("stdlib", "numpy"))
}


class Converter:
    def __init__(self, settings: Settings, tier: Tier, languages: Mapping[str, Language] = LANGUAGES) -> None:
        self.languages = languages
        self._settings = settings
        self._tier = tier
        self._caps = {
            "cpu_s": settings.max_cpu_s,
            "wall_s": settings.max_wall_s,
            "memory_bytes": settings.max_memory_bytes,
            "output_bytes": settings.max_output_bytes,
            "processes": settings.max_processes,
        }

    @property
    def may_fork(self) -> bool:
        return self._tier >= Tier.T2

    def submission(self, request: JudgeRequest) -> Submission:
        self._check_program(request)
        self.check_number_of_tests(len(request.tests))
        return Submission(
            code=request.code,
            cases=_cases(request),
            limits=self.limits(request.limits),
            stop_on_first_fail=request.stop_on_first_fail,
            checker=checker_named(request.checker),
            language=request.language,
            packages=request.packages,
        )

    def program(self, request: RunRequest) -> Program:
        self._check_program(request)
        return Program(
            request.code,
            request.stdin,
            self.limits(request.limits),
            language=request.language,
            packages=request.packages,
        )

    def limits(self, asked: LimitsModel) -> Limits:
        settings = self._settings
        cpu_s = asked.cpu_s or settings.cpu_s
        limits = Limits(
            cpu_s=cpu_s,
            wall_s=asked.wall_s or settings.wall_for(cpu_s),
            memory_bytes=asked.memory_bytes or settings.memory_bytes,
            output_bytes=asked.output_bytes or settings.output_bytes,
            processes=asked.processes or 1,
        )
        errors = self._beyond_caps(limits)
        if errors:
            raise InvalidRequestError(*errors)
        return limits

    def check_number_of_tests(self, number: int) -> None:
        if number > self._settings.max_tests:
            raise InvalidRequestError(FieldError("tests", f"at most {self._settings.max_tests}"))

    def _beyond_caps(self, limits: Limits) -> list[FieldError]:
        errors = [
            FieldError(f"limits.{name}", f"at most {cap}")
            for name, cap in self._caps.items()
            if getattr(limits, name) > cap
        ]
        least = self._settings.min_memory_bytes
        if limits.memory_bytes < least:
            errors.append(FieldError("limits.memory_bytes", f"at least {least}"))
        if limits.processes > 1 and not self.may_fork:
            errors.append(FieldError("limits.processes", "more than 1 needs tier T2: a process namespace"))
        return errors

    def _check_program(self, request: JudgeRequest | RunRequest) -> None:
        language = self.languages.get(request.language)
        if language is None:
            raise _unknown("language", request.language, self.languages)
        if request.packages not in language.packages:
            raise _unknown("packages", request.packages, language.packages)
        if len(request.code) > self._settings.max_code_bytes:
            raise InvalidRequestError(FieldError("code", f"at most {self._settings.max_code_bytes} bytes"))
        if request.require_tier is not None and request.require_tier > self._tier:
            raise InvalidRequestError(FieldError("require_tier", f"this service has {self._tier}"))


def checker_named(asked: str | None) -> str:
    if asked is None:
        return DEFAULT_CHECKER
    if asked not in CHECKERS:
        raise _unknown("checker", asked, CHECKERS)
    return asked


def _unknown(field: str, asked: str, known: Mapping[str, object] | tuple[str, ...]) -> InvalidRequestError:
    return InvalidRequestError(
        FieldError(field, f"unknown {field} {asked[:40]!r}; known: {', '.join(known)}")
    )


def _cases(request: JudgeRequest) -> tuple[Case, ...]:
    return tuple(_case(index, test, request.entry_point) for index, test in enumerate(request.tests))


def _case(index: int, test: StdinTest | CallTest | AssertTest, entry_point: str | None) -> Case:
    match test:
        case StdinTest():
            return StdinCase(test.stdin, test.stdout)
        case AssertTest():
            return _assert_case(index, test.source)
        case CallTest():
            if entry_point is None:
                raise InvalidRequestError(
                    FieldError("entry_point", "a test with args needs the function's name")
                )
            return CallCase(entry_point, tuple(test.args), dict(test.kwargs), test.expected, Equality.JSON)


def _assert_case(index: int, source: str) -> CallCase:
    try:
        return asserts.rewrite(source)
    except asserts.UnsupportedAssertError as error:
        raise InvalidRequestError(FieldError(f"tests.{index}.assert", str(error))) from error
