"""OpenRLHF's remote reward model: `--reward.remote_url http://…/compat/openrlhf/get_reward`.

Its client sends a rollout's whole text, special tokens included, retries whatever is not 200 five times
and then goes on without a reward. So it is queued and never turned away for being many, and a program
that could not be judged has a flagged stand-in unless the URL asks for `on_error=error`. Of several URLs
all but the first get empty batches, which are answered with empty lists.
"""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationInfo, field_validator

from service.api.compat.asking import ask, scores, task_from
from service.api.compat.profile import ScalarProfile
from service.api.judge_request import PROGRAMS
from service.api.on_error import ScalarOnErrorText
from service.api.refinement import Out
from service.api.routing import ReadJson, ServicesDep, StrictRoute
from service.api.task import PROBLEM_CHARS, RESPONSE_CHARS, candidate_of
from service.domain.ruling import Case, Ruling, Status
from service.domain.transcript import problem_in, response_in
from service.reader import Unread

router = APIRouter(route_class=StrictRoute, tags=["compat"])

PromptText = Annotated[str, Field(max_length=PROBLEM_CHARS)]
QueryText = Annotated[str, Field(max_length=PROBLEM_CHARS + RESPONSE_CHARS)]


class OpenRLHFProfile(ScalarProfile):
    """A reward of half is flagged in `extra_logs`, and is neither right nor wrong."""

    on_error: ScalarOnErrorText = "fallback:0.5"


class RewardRequest(BaseModel):
    """A batch of rollouts. Labels bring the tests."""

    model_config = ConfigDict(frozen=True)

    query: list[QueryText] = Field(max_length=PROGRAMS, description="Prompt and response, decoded.")
    prompts: list[PromptText] | None = Field(default=None, max_length=PROGRAMS)
    labels: list[ReadJson] | None = Field(default=None, max_length=PROGRAMS)

    @field_validator("prompts", "labels")
    @classmethod
    def _is_aligned(cls, value: list[JsonValue] | None, info: ValidationInfo) -> list[JsonValue] | None:
        if value and "query" in info.data and len(value) != len(info.data["query"]):
            raise ValueError(f"has {len(value)} entries for {len(info.data['query'])} queries")
        return value

    @property
    def unread(self) -> Unread:
        prompts = self.prompts or [""] * len(self.query)
        labels = self.labels or [None] * len(self.query)
        rows = enumerate(zip(self.query, prompts, labels, strict=True))
        return [partial(_case, *row, f"labels.{number}") for number, row in rows]


class RewardResponse(Out):
    """Lists aligned with the batch, of numbers alone: they become tensors."""

    rewards: list[float]
    scores: list[float]
    extra_logs: dict[str, list[float]]


@router.post("/compat/openrlhf/get_reward")
async def get_reward(
    body: Annotated[RewardRequest, Body()],
    profile: Annotated[OpenRLHFProfile, Query()],
    request: Request,
    services: ServicesDep,
) -> RewardResponse:
    """Reward rollouts as OpenRLHF asks for it."""
    outcome = await ask(profile, body.unread, request, services)
    rewards = scores(outcome.rulings, profile.on_error)
    return RewardResponse(rewards=rewards, scores=rewards, extra_logs=_logs(outcome.rulings, rewards))


def _case(query: str, prompt: str, label: JsonValue, field: str) -> Case:
    problem = problem_in(prompt or query)
    return Case(task_from(problem, label, field), candidate_of(response_in(query, prompt)))


def _logs(rulings: Sequence[Ruling], rewards: Sequence[float]) -> dict[str, list[float]]:
    return {
        "p_correct": list(rewards),
        "judge_error": [float(ruling.status is Status.ERROR) for ruling in rulings],
        "judge_abstained": [float(ruling.status is Status.ABSTAIN) for ruling in rulings],
    }
