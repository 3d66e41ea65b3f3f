"""Jina's and Cohere's `/rerank`, as vLLM serves it: the best programs for a problem first."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Body, Query, Request
from pydantic import BeforeValidator, Field

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
from service.api.refinement import Out
from service.api.routing import ServicesDep, StrictRoute
from service.api.task import CodeText, ProblemText

router = APIRouter(route_class=StrictRoute, tags=["compat"])


class Document(Out):
    """A document as Jina writes it, and as it goes back."""

    text: str


def _text_in(value: object) -> object:
    return value["text"] if isinstance(value, dict) and "text" in value else value


_Document = Annotated[CodeText, BeforeValidator(_text_in, json_schema_input_type=str | Document)]
_Documents = Annotated[
    list[_Document], BeforeValidator(listed, json_schema_input_type=str | list[str | Document])
]


class RerankRequest(VllmRequest):
    """A problem and programs for it; `top_n` 0 returns all."""

    query: ProblemText
    documents: _Documents = Field(max_length=PROGRAMS)
    top_n: int | None = Field(default=None, ge=0)


class RerankResult(Out):
    """One program, by its place in the request; without a score only where the URL lets one abstain."""

    index: int
    document: Document
    relevance_score: float | None


class RerankResponse(Out):
    """Programs from best to worst; equals keep the order they came in."""

    id: str
    model: str
    results: list[RerankResult]
    usage: VllmUsage


@router.post("/rerank", responses=ERRORS)
@router.post("/v1/rerank", responses=ERRORS)
@router.post("/v2/rerank", responses=ERRORS)
async def rerank(
    body: Annotated[RerankRequest, Body()],
    profile: Annotated[VllmProfile, Query()],
    request: Request,
    services: ServicesDep,
) -> RerankResponse:
    """Rank programs as a reranker is asked to."""
    texts = body.documents
    unread = [partial(case_of, body.query, text, "query") for text in texts]
    found, usage = await ask_critic(body, profile, unread, request, services)
    scores = [body.activated(each) for each in found]
    order = sorted(range(len(texts)), key=lambda index: _from_best(scores[index]))
    return RerankResponse(
        id=new_id("rerank"),
        model=named(body, services).card.name,
        results=[
            RerankResult(index=index, document=Document(text=texts[index]), relevance_score=scores[index])
            for index in order[: body.top_n or None]
        ],
        usage=usage,
    )


def _from_best(score: float | None) -> tuple[bool, float]:
    return score is None, -(score or 0.0)
