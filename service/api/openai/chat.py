"""`POST /v1/chat/completions`: the loop as a chat model, and every configured model as itself."""

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.routing import Route

from service.api.openai.body import OpenAIBody
from service.api.openai.chat_loop import chat_with_loop
from service.api.openai.chat_plain import chat_with_model
from service.api.openai.destination import Loop, destination
from service.api.openai.document import CHAT, ERRORS
from service.api.openai.relay import Relay
from service.api.routing import services_of

router = APIRouter(tags=["openai"])

_PATH = "/v1/chat/completions"


@router.post(_PATH, response_class=Response, responses=ERRORS | CHAT.answers, openapi_extra=CHAT.body)
async def chat_completions(request: Request) -> Response:
    """Answer a chat. A client that leaves cancels the work, wherever it is done."""
    services = await services_of(request)
    body = await OpenAIBody.read(request)
    found = destination(body, services)
    if isinstance(found, Loop):
        return await chat_with_loop(body, found, request, services)
    if found.upstream is None:
        return await chat_with_model(body, found.model, request, services)
    return Relay(found.upstream, "/chat/completions", body.for_upstream(found.upstream.members), services)


shortcut = Route(_PATH, chat_completions, methods=["POST"])
"""The same without what FastAPI does around a route: a third of the CPU time of a passed call.

The route above documents; this one, asked first, serves.
"""
