"""`run_code`: a program in the sandbox, with an input or with tests."""

import asyncio
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from service.api.drain import while_wanted
from service.api.mcp import words
from service.api.mcp.tool import Answer, Call, Tool, clipped
from service.api.task import CODE_CHARS, TEST_CHARS, InterfaceFields, candidate_of
from service.domain.errors import DeadlineError
from service.domain.run import Run
from service.domain.syntax import begins_as_program
from service.domain.task import Candidate
from service.domain.verdict import Outcome, TestRun, Verdict
from service.services import Services


class RunRequest(InterfaceFields):
    """A program, and what to run it with."""

    code: str = Field(min_length=1, max_length=CODE_CHARS)
    stdin: str = Field(default="", max_length=TEST_CHARS)
    # The loop knows Python only; the sandbox may have more, and says which.
    language: Annotated[str, Field(min_length=1, max_length=64)] = "python"  # type: ignore[assignment]

    @field_validator("code")
    @classmethod
    def _is_a_program(cls, code: str) -> str:
        if not code.strip():
            raise ValueError("is blank: give the program to run")
        return code

    @model_validator(mode="after")
    def _has_one_input(self) -> Self:
        if self.stdin and self.tests:
            raise ValueError("stdin goes without tests, which bring their own: leave one of the two out")
        return self


class RunAnswer(Answer):
    """How the program ended and what it wrote; with tests, how they went and what the first failure wrote."""

    outcome: Outcome
    exit_code: int | None = None
    passed: int | None = None
    total: int | None = None
    failed_test: int | None = None
    """Index of the test that the output is of; null where all pass, and without tests."""
    stdout: str = ""
    stderr: str = ""
    message: str = ""
    tier: str = ""

    @classmethod
    def of_run(cls, run: Run) -> Self:
        return cls(
            outcome=run.outcome,
            exit_code=run.exit_code,
            stdout=clipped(run.stdout),
            stderr=clipped(run.stderr),
            message=run.message,
            tier=run.tier,
        )

    @classmethod
    def of_verdict(cls, verdict: Verdict) -> Self:
        failures = (
            (index, run) for index, run in enumerate(verdict.runs) if run.outcome is not Outcome.ACCEPTED
        )
        index, run = next(failures, (None, TestRun(Outcome.ACCEPTED)))
        return cls(
            outcome=verdict.outcome,
            passed=verdict.passed,
            total=verdict.total,
            failed_test=index,
            stdout=clipped(run.actual),
            stderr=clipped(run.stderr),
            message=run.message,
            tier=verdict.tier,
        )

    def text(self) -> str:
        ended = self.outcome.replace("_", " ")
        if self.passed is not None and self.total is not None:
            ended = words.passed(self.outcome, self.passed, self.total)
        failed = "" if self.failed_test is None else f" Test {self.failed_test} gave:"
        return words.joined(
            f"Ended: {ended}{'' if self.exit_code is None else f', exit code {self.exit_code}'}.{failed}",
            self.message,
            f"stdout:\n{self.stdout}" if self.stdout else None,
            f"stderr:\n{self.stderr}" if self.stderr else None,
        )


async def _run(call: Call, body: RunRequest) -> RunAnswer:
    await call.progress.say("running")
    with call.services.gate.admit():
        try:
            async with asyncio.timeout(call.services.bounds.request_seconds):
                return await while_wanted(call.request, _ran(call.services, body))
        except TimeoutError:
            raise DeadlineError("the program was not run in time") from None


async def _ran(services: Services, body: RunRequest) -> RunAnswer:
    candidate = _candidate(body)
    if not body.tests:
        run = await services.sandbox.run(candidate.code, stdin=body.stdin, language=body.language)
        return RunAnswer.of_run(run)
    task = body.task_of("")
    return RunAnswer.of_verdict(await services.sandbox.judge(task, candidate))


def _candidate(body: RunRequest) -> Candidate:
    """Take the program out of a fence around it. A fence inside one, such as in a docstring, is its own."""
    fenced = body.code.lstrip().startswith(("```", "~~~"))
    if not fenced and (body.language != "python" or begins_as_program(body.code)):
        return Candidate(body.code)
    return candidate_of(body.code)


RUN_CODE = Tool(
    name="run_code",
    title="Run a program",
    description="Run a program in a sandbox without network: once with stdin, or against tests. Says how it "
    "ended and what it wrote; time, memory and output are limited.",
    model=RunRequest,
    arguments={
        "code": "The program.",
        "stdin": "What it reads from standard input; not with tests.",
        "language": "python, or another language that the sandbox has.",
        "entry_point": words.ENTRY_POINT,
        "tests": words.TESTS,
    },
    required=("code",),
    answer=RunAnswer,
    work=_run,
)
