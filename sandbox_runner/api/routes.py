"""The service's own routes."""

import platform
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from sandbox_runner.admission import Admission
from sandbox_runner.api.convert import LANGUAGES
from sandbox_runner.api.disconnect import ClientGoneError, unless_client_leaves
from sandbox_runner.api.models import (
    JudgeRequest,
    JudgeResponse,
    LanguageModel,
    LanguagesResponse,
    PrimitiveModel,
    ReadyResponse,
    RunRequest,
    RunResponse,
    VerdictModel,
)
from sandbox_runner.api.services import Services, services_of
from sandbox_runner.cases import Program, Submission
from sandbox_runner.checkers import CHECKERS
from sandbox_runner.judging import Judge
from sandbox_runner.verdict import Integrity, Outcome, TestResult, Verdict

router = APIRouter()
Wired = Annotated[Services, Depends(services_of)]
_CLIENT_CLOSED_REQUEST = 499


@router.post("/judge")
async def judge(body: JudgeRequest, request: Request, services: Wired) -> JudgeResponse:
    sandbox = services.sandbox
    submission = services.converter.submission(body)
    verdict = await unless_client_leaves(request, _judge(services.admission, sandbox.judge, submission))
    return JudgeResponse(
        verdict=VerdictModel.of(verdict), integrity=Integrity.STRONG, tier=sandbox.readiness.tier
    )


@router.post("/run")
async def run(body: RunRequest, request: Request, services: Wired) -> RunResponse:
    sandbox = services.sandbox
    program = services.converter.program(body)
    result = await unless_client_leaves(request, _run(services.admission, sandbox.judge, program))
    return RunResponse.of(result, sandbox.readiness.tier)


@router.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/ready")
async def ready(services: Wired) -> ReadyResponse:
    readiness = services.sandbox.readiness
    return ReadyResponse(
        ready=readiness.tier >= services.settings.min_tier,
        tier=readiness.tier,
        min_tier=services.settings.min_tier,
        walls=readiness.walls,
        primitives=[
            PrimitiveModel(
                name=finding.primitive.name,
                holds=finding.holds,
                needed_for=finding.primitive.needed_for,
                detail=finding.detail,
                remedy="" if finding.holds else finding.primitive.remedy,
            )
            for finding in readiness.findings
        ],
    )


@router.get("/metrics")
async def metrics(services: Wired) -> Response:
    sandbox = services.sandbox
    return Response(sandbox.metrics.page(sandbox.launchers), media_type=CONTENT_TYPE_LATEST)


@router.get("/languages")
async def languages() -> LanguagesResponse:
    version = platform.python_version()
    known = [LanguageModel(id=name, version=version, modes=["stdin", "call", "assert"]) for name in LANGUAGES]
    return LanguagesResponse(languages=known, checkers=list(CHECKERS))


async def _judge(admission: Admission, judge: Judge, submission: Submission) -> Verdict:
    async with admission.slot():
        return await judge.judge(submission)


async def _run(admission: Admission, judge: Judge, program: Program) -> TestResult:
    async with admission.slot():
        return await judge.run(program)


async def on_client_gone(request: Request, error: Exception) -> Response:
    services_of(request).sandbox.metrics.test_finished(Outcome.CANCELLED, 0, 0)
    return Response(status_code=_CLIENT_CLOSED_REQUEST)


__all__ = ["ClientGoneError", "on_client_gone", "router"]
