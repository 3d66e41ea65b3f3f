"""What vLLM's scoring routes have in common: the model named in the body, activations, usage."""

import math
import secrets
from typing import Any, Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from service.api.compat.asking import in_turn, insist, task_from
from service.api.compat.profile import Profile
from service.api.judge_request import COMPARED
from service.api.judging import Order
from service.api.on_error import ERROR, OnErrorText, Told, told
from service.api.openai.errors import ErrorBody
from service.api.refinement import Out
from service.api.task import ModelName, candidate_of
from service.domain.errors import RequestError, UnknownModelError
from service.domain.refinement import Usage
from service.domain.ruling import Case, Mode
from service.domain.transcript import problem_in
from service.reader import Unread
from service.services import ServedCritic, Services

_SURE = 1e-6
"""Probabilities nearer to 0 or 1 than this are taken for this: a logit must be finite."""

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody} for status in (400, 404, 413, 502, 503, 504)
}


def listed(value: object) -> object:
    """Take one text for a list of one."""
    return [value] if isinstance(value, str) else value


class VllmRequest(BaseModel):
    """What every such body has; parameters of vLLM's own that have no meaning here are not read."""

    model_config = ConfigDict(frozen=True)

    model: ModelName | None = Field(default=None, description="A configured critic; null: the default.")
    use_activation: bool | None = Field(
        default=None, description="False: the logit ln(p/(1-p)) instead of the probability."
    )

    def activated(self, found: Told) -> float | None:
        """The score in the form asked for; a fallback is given as it was asked for."""
        if self.use_activation is False and found.score is not None and not found.fallback:
            return logit(found.score)
        return found.score


class VllmProfile(Profile):
    """These contracts carry no tests: the critic judges, or compares."""

    mode: Literal[Mode.CRITIQUE, Mode.PAIRWISE] = Mode.CRITIQUE
    on_error: OnErrorText = ERROR


class VllmUsage(Out):
    """Tokens, as OpenAI counts them."""

    prompt_tokens: int
    total_tokens: int
    completion_tokens: int

    @classmethod
    def of(cls, usage: Usage) -> "VllmUsage":
        tokens = usage.tokens
        return cls(
            prompt_tokens=tokens.prompt_tokens,
            total_tokens=tokens.prompt_tokens + tokens.completion_tokens,
            completion_tokens=tokens.completion_tokens,
        )


async def ask_critic(
    body: VllmRequest, profile: VllmProfile, unread: Unread, request: Request, services: Services
) -> tuple[list[Told], VllmUsage]:
    """Have the model that the body names judge the cases; raise what failed, if the URL wants that."""
    if profile.mode is Mode.PAIRWISE and len(unread) > COMPARED:
        raise RequestError("mode", f"pairwise compares at most {COMPARED} programs")
    order = Order(named(body, services), profile.mode, profile.votes)
    outcome = await in_turn(order, unread, request, services)
    insist(outcome.rulings, profile.on_error)
    return [told(ruling, profile.on_error) for ruling in outcome.rulings], VllmUsage.of(outcome.usage)


def named(body: VllmRequest, services: Services) -> ServedCritic:
    """Find the critic that the body calls its model."""
    if body.model is not None and body.model not in services.critics:
        raise UnknownModelError("model", body.model, tuple(services.critics))
    return services.critic(body.model)


def case_of(problem: str, response: str, field: str) -> Case:
    """A program for a problem, either of which may come as a chat template has it."""
    return Case(task_from(problem_in(problem), None, field), candidate_of(response))


def logit(probability: float) -> float:
    """The probability's log-odds, finite at both ends."""
    bounded = min(max(probability, _SURE), 1 - _SURE)
    return math.log(bounded / (1 - bounded))


def new_id(kind: str) -> str:
    """An id of our own: vLLM's were once made from what a client sent."""
    return f"{kind}-{secrets.token_hex(16)}"
