"""`POST /critique`: what the critic says of a program, once or n times."""

import asyncio
import secrets
import time
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Request
from pydantic import Field, field_validator

from service.api.drain import while_wanted
from service.api.models import ModelOut, notice
from service.api.refine_request import SamplingIn
from service.api.refinement import CritiqueOut, Out, UsageOut
from service.api.routing import ServicesDep, StrictRoute
from service.api.task import CodeText, ModelName, TaskFields, candidate_of
from service.domain.errors import DeadlineError
from service.domain.refinement import Usage
from service.domain.ruling import Case
from service.observing import attributes as names
from service.reader import read_cases
from service.services import ServedCritic, Services

router = APIRouter(route_class=StrictRoute, tags=["critique"])

CRITIQUES = 32


class CritiqueRequest(TaskFields):
    """A problem and a program for it. The critic is not told of any tests."""

    solution: CodeText
    critic: ModelName | None = None
    n: int = Field(default=1, ge=1, le=CRITIQUES)
    sampling: SamplingIn = SamplingIn()

    @field_validator("solution")
    @classmethod
    def _is_a_program(cls, solution: str) -> str:
        if not solution.strip():
            raise ValueError("is blank: give the program to review")
        return solution

    def to_case(self) -> Case:
        """The program to review, out of its fence if it has one."""
        return Case(self.to_task(), candidate_of(self.solution))


class CritiqueResponse(Out):
    """The critiques, and the first of them once more by itself."""

    id: str
    object: Literal["critique"] = "critique"
    critique: CritiqueOut
    critiques: list[CritiqueOut]
    usage: UsageOut
    model: ModelOut
    notice: str | None
    created: int
    seconds: float


@router.post("/critique")
async def critique(
    body: Annotated[CritiqueRequest, Body()], request: Request, services: ServicesDep
) -> CritiqueResponse:
    """Review a program. A client that leaves cancels the work."""
    served = services.critic(body.critic)
    return await while_wanted(request, _critique(body, served, services))


async def _critique(body: CritiqueRequest, served: ServedCritic, services: Services) -> CritiqueResponse:
    started, created = time.perf_counter(), int(time.time())
    sampling = body.sampling.over(served.critique)
    with services.gate.admit():
        try:
            async with asyncio.timeout(services.bounds.request_seconds):
                (case,) = await read_cases([body.to_case])
                with services.spans.span(
                    names.CRITIQUE, {names.CRITIC: served.card.name, names.VOTES: body.n}
                ):
                    drawn, tokens = await served.critic.draw(case.task, case.candidate, sampling, body.n)
        except TimeoutError:
            raise DeadlineError("the critic did not answer in time") from None
    critiques = [CritiqueOut.of(critique) for critique in drawn]
    model = ModelOut.of(served.card)
    return CritiqueResponse(
        id=f"cr_{secrets.token_hex(16)}",
        critique=critiques[0],
        critiques=critiques,
        usage=UsageOut.of(Usage(tokens, critic_calls=1)),
        model=model,
        notice=notice(model),
        created=created,
        seconds=round(time.perf_counter() - started, 6),
    )
