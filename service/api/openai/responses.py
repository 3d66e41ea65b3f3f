"""`POST /v1/responses`: the loop for clients that speak OpenAI's newer dialect, such as Codex."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.api.openai.body import OpenAIBody
from service.api.openai.conversation import draft_of, problem_of
from service.api.openai.destination import Loop, destination
from service.api.openai.document import ERRORS, RESPONSES
from service.api.openai.loop_door import through_the_loop
from service.api.openai.loop_request import LoopRequest
from service.api.openai.relay import Relay
from service.api.openai.responses_answer import ResponsesScript
from service.api.openai.responses_request import TOOLS, ResponsesRequest
from service.api.routing import ServicesDep
from service.domain.errors import RequestError
from service.services import RefineWhen, ServedModel, Services

router = APIRouter(tags=["openai"])

_NAMES = {
    "problem": "input",
    "solution": "input",
    "generator": "model",
    "metadata": "metadata",
    "max_tokens": "max_output_tokens",
}


@router.post(
    "/v1/responses",
    response_class=Response,
    responses=ERRORS | RESPONSES.answers,
    openapi_extra=RESPONSES.body,
)
async def responses(request: Request, services: ServicesDep) -> Response:
    """Answer a request for a response. A client that leaves cancels the work, wherever it is done."""
    body = await OpenAIBody.read(request)
    found = destination(body, services)
    if isinstance(found, ServedModel):
        return _relay(body, found, services)
    asked = _read(body, services)
    refining = _loop_request(asked, found).start(services)
    script = ResponsesScript(refining.id.removeprefix("rf_"), body.model, refining.created, asked)
    return await through_the_loop(refining, script, request, stream=asked.stream)


def _read(body: OpenAIBody, services: Services) -> ResponsesRequest:
    always = services.bounds.refine_when is RefineWhen.ALWAYS
    return ResponsesRequest.of(body, ignored=TOOLS if always else frozenset())


def _loop_request(asked: ResponsesRequest, loop: Loop) -> LoopRequest:
    turns = asked.turns
    return LoopRequest(
        problem=problem_of(turns, "input"),
        draft=draft_of(turns, "input"),
        generator=loop.generator,
        sampling=asked.sampling,
        metadata=asked.metadata,
        options=asked.refine,
        stream=asked.stream,
        names=_NAMES,
    )


def _relay(body: OpenAIBody, served: ServedModel, services: Services) -> Response:
    name = served.model.name
    if served.upstream is None:
        raise RequestError(
            "tools" if body.has_tools else "model",
            f"model {name!r} runs in this process: it has no tools, and chats at /v1/chat/completions only; "
            "name one behind an endpoint",
        )
    absent = RequestError(
        "model",
        f"the endpoint of model {name!r} has no /responses: use /v1/chat/completions, or no tools",
    )
    sent = body.for_upstream(served.upstream.members)
    return Relay(served.upstream, "/responses", sent, services, absent=absent)
