"""From the wire to what is judged: names resolved, limits filled in and held to the caps of this machine."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace

from sandbox_runner.api.models import (
    AssertTest,
    CallTest,
    JudgeRequest,
    LimitsModel,
    PytestTest,
    RunRequest,
    StdinTest,
    Test,
)
from sandbox_runner.api.problems import FieldError, InvalidRequestError
from sandbox_runner.aside import aside, is_long
from sandbox_runner.boxes import languages, runtimes
from sandbox_runner.domain import asserts, checkers
from sandbox_runner.domain.cases import (
    DEFAULT_PACKAGES,
    CallCase,
    Case,
    CodeCase,
    Program,
    PytestCase,
    StdinCase,
    Submission,
)
from sandbox_runner.domain.checkers import Checker, CheckerError, CustomChecker
from sandbox_runner.domain.literals import Literals
from sandbox_runner.domain.verdict import Limits, Tier
from sandbox_runner.settings import Settings

# Characters of asserts in one submission that are read out here; a megabyte takes some two seconds.
MOST_REWRITTEN = 1 << 20


@dataclass(frozen=True, slots=True)
class Offer:
    """What a request may ask for, of one language."""

    modes: tuple[str, ...]
    packages: tuple[str, ...] = (DEFAULT_PACKAGES,)


def offers(*, isolated: bool) -> dict[str, Offer]:
    """The languages of this machine. All but Python are compiled and executed, which needs namespaces."""
    modes = ("stdin", "call", "assert", *(("pytest",) if runtimes.has_pytest() else ()))
    native = languages.installed() if isolated else {}
    python = Offer(modes, tuple(runtimes.python_runtimes()))
    return {languages.PYTHON: python, **{name: Offer(("stdin",)) for name in native}}


class Converter:
    def __init__(
        self, settings: Settings, tier: Tier, offered: Mapping[str, Offer], *, isolated: bool
    ) -> None:
        self.languages = offered
        self._settings = settings
        self._tier = tier
        self.may_fork = isolated
        self.has_scratch = isolated
        """Boxes have a directory that can be written."""
        self._turn = asyncio.Lock()
        self._caps = {
            "cpu_s": settings.max_cpu_s,
            "wall_s": settings.max_wall_s,
            "memory_bytes": settings.max_memory_bytes,
            "output_bytes": settings.max_output_bytes,
            "processes": settings.max_processes,
        }

    async def submission(self, request: JudgeRequest) -> Submission:
        """Long asserts take long to read: one such request at a time, beside the others."""
        asserted = sum(len(test.source) for test in request.tests if isinstance(test, AssertTest))
        async with self._turn if is_long(asserted) else nullcontext():
            return await aside(asserted, lambda: self._submission(request))

    def _submission(self, request: JudgeRequest) -> Submission:
        self._check_program(request)
        _check_name(request.entry_point)
        self.check_number_of_tests(len(request.tests))
        language = _canonical(request.language)
        spoken = (request.code, *_test_code(request.tests))
        _check_modes(language, self.languages[language], request.tests)
        return Submission(
            code=request.code,
            cases=tuple(_cases(request.tests, request.entry_point)),
            limits=self.limits(request.limits),
            stop_on_first_fail=request.stop_on_first_fail,
            checker=self.checker(request.checker),
            language=language,
            packages=request.packages or self.packages_for(language, *spoken),
            public=tuple(test.public for test in request.tests),
        )

    def program(self, request: RunRequest) -> Program:
        self._check_program(request)
        language = _canonical(request.language)
        return Program(
            request.code,
            request.stdin,
            self.limits(request.limits),
            language=language,
            packages=request.packages or self.packages_for(language, request.code),
        )

    def checker(self, asked: object) -> Checker | CustomChecker:
        """Raises InvalidRequestError; one of the caller's has the packages that it speaks of."""
        try:
            checker = checkers.parse(asked)
        except CheckerError as error:
            raise InvalidRequestError(FieldError(error.field, error.message)) from error
        if isinstance(checker, CustomChecker):
            return replace(checker, packages=self.packages_for(checker.language, checker.code))
        return checker

    def packages_for(self, language: str, *code: str | bytes) -> str:
        """Numpy where it is spoken of: few clients ask for it, and loading it costs time."""
        spoken_of = any("numpy" in each if isinstance(each, str) else b"numpy" in each for each in code)
        return "numpy" if spoken_of and "numpy" in self.languages[language].packages else DEFAULT_PACKAGES

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
            errors.append(FieldError("limits.processes", "more than 1 needs namespaces (tier T2)"))
        return errors

    def _check_program(self, request: JudgeRequest | RunRequest) -> None:
        language = self.languages.get(_canonical(request.language))
        if language is None:
            raise _unknown("language", request.language, self.languages)
        if request.packages is not None and request.packages not in language.packages:
            raise _unknown("packages", request.packages, language.packages)
        if len(request.code) > self._settings.max_code_bytes:
            raise InvalidRequestError(FieldError("code", f"at most {self._settings.max_code_bytes} bytes"))
        if request.require_tier is not None and request.require_tier > self._tier:
            raise InvalidRequestError(FieldError("require_tier", f"this service has {self._tier}"))


def _test_code(tests: Sequence[Test]) -> Iterator[str]:
    for test in tests:
        match test:
            case AssertTest():
                yield test.source
            case PytestTest():
                yield from test.files.values()


def _canonical(language: str) -> str:
    return languages.ALIASES.get(language, language)


def _unknown(field: str, asked: str, known: Mapping[str, object] | tuple[str, ...]) -> InvalidRequestError:
    return InvalidRequestError(
        FieldError(field, f"unknown {field} {asked[:40]!r}; known: {', '.join(known)}")
    )


def _check_name(entry_point: str | None) -> None:
    if entry_point is not None and not entry_point.isidentifier():
        raise InvalidRequestError(FieldError("entry_point", "must be a Python name"))


def _check_modes(language: str, offer: Offer, tests: Sequence[Test]) -> None:
    for index, test in enumerate(tests):
        mode = _MODES[type(test)]
        if mode not in offer.modes:
            known = ", ".join(offer.modes)
            raise InvalidRequestError(
                FieldError(f"tests.{index}", f"{language} has no {mode} tests here; known: {known}")
            )


_MODES = {StdinTest: "stdin", CallTest: "call", AssertTest: "assert", PytestTest: "pytest"}


def _cases(tests: Sequence[Test], entry_point: str | None) -> Iterator[Case]:
    literals, left = Literals(), MOST_REWRITTEN
    for test in tests:
        if isinstance(test, AssertTest):
            left -= len(test.source)
            yield _assert_case(test.source, entry_point, literals if left >= 0 else None)
        else:
            yield _case(test, entry_point)


def _case(test: StdinTest | CallTest | PytestTest, entry_point: str | None) -> Case:
    match test:
        case StdinTest():
            return StdinCase(test.stdin, test.stdout)
        case PytestTest():
            return PytestCase(test.files, tuple(test.names))
        case CallTest():
            if entry_point is None:
                raise InvalidRequestError(
                    FieldError("entry_point", "a test with args needs the function's name")
                )
            return CallCase(entry_point, tuple(test.args), dict(test.kwargs), test.expected, test.equality)


def _assert_case(source: str, entry_point: str | None, literals: Literals | None) -> Case:
    """One call that is compared out here, if that is all; else test code for a jail of its own."""
    if literals is not None:
        with suppress(asserts.UnsupportedAssertError):
            return asserts.rewrite(source, literals)
    return CodeCase(source, entry_point)
