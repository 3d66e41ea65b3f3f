"""SandboxFusion's routes."""

import time

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import JsonValue

from sandbox_runner.api.answers import Room, json_response
from sandbox_runner.api.disconnect import unless_client_leaves
from sandbox_runner.api.documented import documented
from sandbox_runner.api.events import RequestEvent, fingerprint
from sandbox_runner.api.fusion import prompts, provided
from sandbox_runner.api.fusion.datasets import CLASSES, class_name_of
from sandbox_runner.api.fusion.errors import REFUSALS, FusionError, in_fusions_words, read
from sandbox_runner.api.fusion.question import Question, Strong
from sandbox_runner.api.fusion.results import sandbox_error
from sandbox_runner.api.fusion.run_code import PATIENCE_S, ProgramMaker, run_code_body
from sandbox_runner.api.fusion.submit import evaluate
from sandbox_runner.api.fusion.wire import (
    DatasetRequest,
    EvalResult,
    GetPromptByIdRequest,
    GetPromptsRequest,
    Prompt,
    RunCodeRequest,
    RunCodeResponse,
    RunJupyterRequest,
    RunJupyterResponse,
    SubmitRequest,
)
from sandbox_runner.api.refusals import KEYED, OPEN
from sandbox_runner.api.services import Services, services_of, tenant_of
from sandbox_runner.aside import aside
from sandbox_runner.domain.verdict import Limits
from sandbox_runner.judging import Judge

router = APIRouter()


@router.get("/v1/ping", responses=OPEN)
async def ping() -> str:
    return "pong"


@router.post("/run_code", **documented(RunCodeRequest, RunCodeResponse, REFUSALS))
@in_fusions_words
async def run_code(request: Request) -> Response:
    services = services_of(request)
    event = RequestEvent(request)
    body = await read(request, RunCodeRequest)
    try:
        program = ProgramMaker(services.settings, services.converter).program(body)
    except FusionError as error:
        return json_response(sandbox_error(error.detail))
    judge = _patient_judge(request, services, program.limits)
    result = await unless_client_leaves(request.receive, judge.run(program))
    event.finished(result.outcome, code=fingerprint(body.code), language=body.language)
    return json_response(run_code_body(body, result, services.tier))


@router.post("/run_jupyter", **documented(RunJupyterRequest, RunJupyterResponse, REFUSALS))
@in_fusions_words
async def run_jupyter(request: Request) -> Response:
    await read(request, RunJupyterRequest)
    answer: RunJupyterResponse = {
        "status": "SandboxError",
        "message": "notebooks are not supported; send the cells as one program to /run_code",
        "driver": None,
        "cells": [],
        "executor_pod_name": None,
        "files": {},
    }
    return json_response(answer)


@router.post("/submit", **documented(SubmitRequest, EvalResult, REFUSALS))
@in_fusions_words
async def submit(request: Request) -> Response:
    services = services_of(request)
    event = RequestEvent(request)
    body = await read(request, SubmitRequest)
    name = class_name_of(body.dataset, body.config.dataset_type)
    if body.config.custom_extract_logic is not None:
        raise FusionError("custom_extract_logic is code, which this service does not run for its callers")
    maker = ProgramMaker(services.settings, services.converter)
    question = await aside(len(await request.body()), lambda: CLASSES[name](body, maker))
    judge = _patient_judge(request, services, _limits_of(question))
    room = Room(services.settings.answer_bytes)
    answer = await unless_client_leaves(request.receive, evaluate(body, question, judge, services.tier, room))
    code = fingerprint(question.extracted.code)
    event.finished(answer["x"]["verdict"], code=code, dataset_type=name, tests=len(answer["tests"]))
    return json_response(answer)


@router.post("/get_prompts", **documented(GetPromptsRequest, list[Prompt], REFUSALS))
@in_fusions_words
async def get_prompts(request: Request) -> Response:
    body = await read(request, GetPromptsRequest)
    name = class_name_of(body.dataset, body.config.dataset_type)
    rows = provided.rows(body.config.provided_data)[body.offset : body.offset + body.limit]
    return _told([prompts.prompt_of(row, name, body.config) for row in rows])


@router.post("/get_prompt_by_id", **documented(GetPromptByIdRequest, Prompt, REFUSALS))
@in_fusions_words
async def get_prompt_by_id(request: Request) -> Response:
    body = await read(request, GetPromptByIdRequest)
    name = class_name_of(body.dataset, body.config.dataset_type)
    return _told(prompts.prompt_of(provided.row(body.config.provided_data), name, body.config))


@router.post("/list_ids", **documented(GetPromptsRequest, list[JsonValue], REFUSALS))
@in_fusions_words
async def list_ids(request: Request) -> Response:
    body = await read(request, GetPromptsRequest)
    class_name_of(body.dataset, body.config.dataset_type)
    rows = provided.rows(body.config.provided_data)[body.offset : body.offset + body.limit]
    return _told([prompts.identity(row) for row in rows])


@router.get("/list_datasets", responses=KEYED)
async def list_datasets() -> list[str]:
    """None is stored here."""
    return []


@router.post("/get_metrics", **documented(DatasetRequest, dict[str, JsonValue], REFUSALS))
@in_fusions_words
async def get_metrics(request: Request) -> Response:
    body = await read(request, DatasetRequest)
    class_name_of(body.dataset, body.config.dataset_type)
    return JSONResponse({})


@router.post("/get_metrics_function", **documented(DatasetRequest, dict[str, None], REFUSALS))
@in_fusions_words
async def get_metrics_function(request: Request) -> Response:
    body = await read(request, DatasetRequest)
    class_name_of(body.dataset, body.config.dataset_type)
    return JSONResponse({"function": None})


def _told(found: object) -> Response:
    """What was sent, as far as it may be sent back: JSON has no NaN, though rows may."""
    try:
        return JSONResponse(found)
    except ValueError:
        raise FusionError("provided_data has an id or labels that JSON cannot hold") from None


def _patient_judge(request: Request, services: Services, limits: Limits) -> Judge:
    deadline = time.monotonic() + limits.wall_s + PATIENCE_S
    return services.judge_for(tenant_of(request), deadline, patient=True)


def _limits_of(question: Question) -> Limits:
    how = question.how
    return how.submission.limits if isinstance(how, Strong) else how.program.limits
