"""vLLM's `/classify`, as verl asks it: conversations in, two probabilities out, that of correct last."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Request
from pydantic import BeforeValidator, Field

from service.api.compat.messages import MessageIn, said_by
from service.api.compat.vllm import (
    ERRORS,
    VllmProfile,
    VllmRequest,
    VllmUsage,
    ask_critic,
    case_of,
    listed,
    named,
    new_id,
)
from service.api.judge_request import PROGRAMS
from service.api.on_error import Told
from service.api.refinement import Out
from service.api.routing import ServicesDep, StrictRoute
from service.api.task import PROBLEM_CHARS, RESPONSE_CHARS
from service.domain.critique import Judgment
from service.domain.errors import RequestError
from service.domain.ruling import Case
from service.domain.transcript import turns
from service.reader import Unread

router = APIRouter(route_class=StrictRoute, tags=["compat"])

_Text = Annotated[str, Field(max_length=PROBLEM_CHARS + RESPONSE_CHARS)]
_Texts = Annotated[list[_Text] | None, BeforeValidator(listed, json_schema_input_type=str | list[str] | None)]


class ClassifyRequest(VllmRequest):
    """`input`: conversations as a chat template writes them. `messages`: one conversation as it is."""

    input: _Texts = Field(default=None, max_length=PROGRAMS)
    messages: list[MessageIn] | None = Field(default=None, max_length=PROGRAMS)

    @property
    def unread(self) -> Unread:
        if (self.input is None) == (self.messages is None):
            raise RequestError("input", "give input or messages")
        if self.messages is not None:
            return [partial(_in_messages, self.messages)]
        return [partial(_spoken, text, f"input.{number}") for number, text in enumerate(self.input or [])]


class ClassifyData(Out):
    """One conversation's classes: incorrect and correct."""

    index: int
    label: Judgment | None
    probs: list[float] | None
    num_classes: Literal[2] = 2


class ClassifyResponse(Out):
    """Classes in the order of the input."""

    id: str
    object: Literal["list"] = "list"
    created: int
    model: str
    data: list[ClassifyData]
    usage: VllmUsage


@router.post("/classify", responses=ERRORS)
@router.post("/v1/classify", responses=ERRORS)
async def classify(
    body: Annotated[ClassifyRequest, Body()],
    profile: Annotated[VllmProfile, Query()],
    request: Request,
    services: ServicesDep,
) -> ClassifyResponse:
    """Classify programs as vLLM's reward models are asked to."""
    found, usage = await ask_critic(body, profile, body.unread, request, services)
    return ClassifyResponse(
        id=new_id("classify"),
        created=int(time.time()),
        model=named(body, services).card.name,
        data=[_data(index, each, body) for index, each in enumerate(found)],
        usage=usage,
    )


def _data(index: int, found: Told, body: ClassifyRequest) -> ClassifyData:
    value = body.activated(found)
    if found.score is None or value is None:
        return ClassifyData(index=index, label=None, probs=None)
    # The softmax of 0 and the logit are the two probabilities.
    probs = [0.0, value] if body.use_activation is False else [1 - value, value]
    if found.fallback:
        return ClassifyData(index=index, label=None, probs=probs)
    label = Judgment.CORRECT if found.score > 0.5 else Judgment.INCORRECT
    return ClassifyData(index=index, label=label, probs=probs)


def _spoken(text: str, field: str) -> Case:
    said = turns(text)
    if not said or said[-1].role != "assistant":
        raise RequestError(field, "must be a conversation in a known chat template that ends with an answer")
    asked = "\n\n".join(turn.text for turn in said if turn.role == "user")
    return case_of(asked, said[-1].text, field)


def _in_messages(messages: Sequence[MessageIn]) -> Case:
    return case_of(said_by("user", messages), _last(messages), "messages")


def _last(messages: Sequence[MessageIn]) -> str:
    if not messages or messages[-1].role != "assistant":
        raise RequestError("messages", "must end with the assistant's answer")
    return messages[-1].text
