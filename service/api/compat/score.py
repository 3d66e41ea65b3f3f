"""vLLM's `/score`: the probability that each document is a correct program for its query."""

import time
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Request
from pydantic import AliasChoices, BeforeValidator, Field

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
from service.domain.errors import RequestError
from service.reader import Unread

router = APIRouter(route_class=StrictRoute, tags=["compat"])


_ONE_OR_MANY = BeforeValidator(listed, json_schema_input_type=str | list[str])


class ScoreRequest(VllmRequest):
    """One query for all documents, or one for each; the names have vLLM's other spellings too."""

    queries: Annotated[list[ProblemText], _ONE_OR_MANY] = Field(
        validation_alias=AliasChoices("queries", "text_1", "data_1"), max_length=PROGRAMS
    )
    documents: Annotated[list[CodeText], _ONE_OR_MANY] = Field(
        validation_alias=AliasChoices("documents", "items", "text_2", "data_2"), max_length=PROGRAMS
    )

    @property
    def unread(self) -> Unread:
        queries = self.queries * len(self.documents) if len(self.queries) == 1 else self.queries
        if len(queries) != len(self.documents):
            raise RequestError("queries", f"{len(queries)} queries for {len(self.documents)} documents")
        pairs = zip(queries, self.documents, strict=True)
        return [partial(case_of, query, document, "queries") for query, document in pairs]


class ScoreData(Out):
    """One document's score; null where it has none and the URL asks for `on_error=abstain`."""

    index: int
    object: Literal["score"] = "score"
    score: float | None


class ScoreResponse(Out):
    """Scores in the order of the documents."""

    id: str
    object: Literal["list"] = "list"
    created: int
    model: str
    data: list[ScoreData]
    usage: VllmUsage


@router.post("/score", responses=ERRORS)
@router.post("/v1/score", responses=ERRORS)
async def score(
    body: Annotated[ScoreRequest, Body()],
    profile: Annotated[VllmProfile, Query()],
    request: Request,
    services: ServicesDep,
) -> ScoreResponse:
    """Score programs as vLLM's reward models are asked to."""
    found, usage = await ask_critic(body, profile, body.unread, request, services)
    return ScoreResponse(
        id=new_id("score"),
        created=int(time.time()),
        model=named(body, services).card.name,
        data=[ScoreData(index=index, score=body.activated(each)) for index, each in enumerate(found)],
        usage=usage,
    )
