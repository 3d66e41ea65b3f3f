"""The service's own routes.

They read and write bytes themselves: the framework's way through its dependencies, validation and
serialization costs more than the rest of the request.
"""

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from sandbox_runner.api.answers import Room, Tally, json_response, judge_body, run_body, verdict_of
from sandbox_runner.api.batch import Batch, number_of_tests, read_batch, write_results
from sandbox_runner.api.disconnect import unless_client_leaves
from sandbox_runner.api.documented import documented
from sandbox_runner.api.events import RequestEvent, fingerprint
from sandbox_runner.api.lines import LineResponse, LineWriter
from sandbox_runner.api.models import (
    BatchBody,
    BatchRequest,
    JudgeBody,
    JudgeRequest,
    LanguagesBody,
    Line,
    ReadyBody,
    RunBody,
    RunRequest,
)
from sandbox_runner.api.problems import InvalidRequestError, occurrence_of
from sandbox_runner.api.reading import deadline, read, wants_lines
from sandbox_runner.api.refusals import KEYED, OPEN
from sandbox_runner.api.services import services_of, tenant_of
from sandbox_runner.boxes.languages import version_of
from sandbox_runner.domain.checkers import CHECKERS
from sandbox_runner.domain.verdict import Outcome, TestResult

router = APIRouter()
_CLIENT_CLOSED_REQUEST = 499
_UNAVAILABLE = 503


@router.post("/judge", **documented(JudgeRequest, JudgeBody, lines=Line))
async def judge(request: Request) -> Response:
    services = services_of(request)
    event = RequestEvent(request)
    body = await read(request, JudgeRequest)
    submission = await services.converter.submission(body)
    until, streams = deadline(request, body.deadline_s, event.began), wants_lines(request)
    judging = services.judge_for(tenant_of(request), until, streams=streams)

    def finished(verdict: Tally) -> None:
        counts = {"passed": verdict.passed, "total": verdict.total}
        event.finished(verdict.outcome, code=fingerprint(body.code), language=body.language, **counts)

    async def write(writer: LineWriter) -> None:
        try:
            finished(await write_results(writer, 0, judging, submission, services.tier))
        except InvalidRequestError as error:
            await writer.write({"submission": 0, "error": occurrence_of(error).body(request.url.path)})

    if streams:
        return LineResponse(write, services.settings.client_s)
    room = Room(services.settings.answer_bytes).part(body.answer_bytes)
    verdict = await unless_client_leaves(request.receive, verdict_of(judging, submission, room))
    finished(Tally(verdict.total, verdict.outcome, verdict.passed))
    return json_response(judge_body(submission, verdict, services.tier))


@router.post("/judge/batch", **documented(BatchRequest, BatchBody, lines=Line))
async def judge_batch(request: Request) -> Response:
    services = services_of(request)
    event = RequestEvent(request)
    items = await read_batch(request)
    services.converter.check_number_of_tests(sum(map(number_of_tests, items)))
    services.admission.refuse_if_full()
    batch = Batch(request, items, event.began)

    async def write(writer: LineWriter) -> None:
        await batch.write(writer)
        event.finished("batch", submissions=len(items), outcomes=batch.outcomes)

    if wants_lines(request):
        return LineResponse(write, services.settings.client_s)
    answers = await unless_client_leaves(request.receive, batch.answer())
    event.finished("batch", submissions=len(items), outcomes=batch.outcomes)
    return json_response({"results": answers})


@router.post("/run", **documented(RunRequest, RunBody))
async def run(request: Request) -> Response:
    services = services_of(request)
    event = RequestEvent(request)
    body = await read(request, RunRequest)
    program = services.converter.program(body)
    until = deadline(request, body.deadline_s, event.began)
    judging = services.judge_for(tenant_of(request), until)
    result = await unless_client_leaves(request.receive, judging.run(program))
    event.finished(result.outcome, code=fingerprint(body.code), language=body.language)
    return json_response(run_body(result, services.tier))


@router.get("/health", responses=OPEN)
async def health() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/ready", responses=OPEN | {503: {"model": ReadyBody, "description": "Stopping"}})
async def ready(request: Request, response: Response) -> ReadyBody:
    services = services_of(request)
    readiness = services.sandbox.readiness
    draining = services.admission.draining
    response.status_code = _UNAVAILABLE if draining else 200
    return {
        "ready": readiness.tier >= services.settings.min_tier and not draining,
        "tier": readiness.tier,
        "min_tier": services.settings.min_tier,
        "walls": readiness.walls,
        "draining": draining,
        "primitives": [
            {
                "name": finding.primitive.name,
                "holds": finding.holds,
                "needed_for": finding.primitive.needed_for,
                "detail": finding.detail,
                "remedy": "" if finding.holds else finding.primitive.remedy,
            }
            for finding in readiness.findings
        ],
    }


@router.get("/metrics", responses=OPEN, response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    sandbox = services_of(request).sandbox
    return Response(sandbox.metrics.page(sandbox.launchers), media_type=CONTENT_TYPE_LATEST)


@router.get("/languages", responses=KEYED)
async def languages(request: Request) -> LanguagesBody:
    offered = services_of(request).converter.languages
    versions = await asyncio.to_thread(lambda: {name: version_of(name) for name in offered})
    return {
        "languages": [
            {"id": name, "version": versions[name], "modes": [*each.modes], "packages": [*each.packages]}
            for name, each in offered.items()
        ],
        "checkers": [*CHECKERS, "custom"],
    }


async def on_client_gone(request: Request, error: Exception) -> Response:
    services_of(request).sandbox.metrics.test_finished(TestResult(Outcome.CANCELLED), "python")
    return Response(status_code=_CLIENT_CLOSED_REQUEST)
