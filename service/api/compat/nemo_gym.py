"""NeMo Gym's verifier: a resources server's sessions, `/verify` and `/reverify_mode`.

A failed call of a judge is no wrong answer there: such a row carries `_ng_failure_class`, goes to the
failures file, stays out of the metrics and is tried again. Its reward of 0.0 is the contract's blank.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from service.api.compat.asking import ask, task_from
from service.api.compat.messages import MessagesIn, said_by
from service.api.compat.profile import AbstainingProfile
from service.api.on_error import told
from service.api.routing import ReadJson, ServicesDep, StrictRoute
from service.api.task import candidate_of
from service.domain.errors import SandboxError
from service.domain.ruling import Basis, Case, Ruling

router = APIRouter(route_class=StrictRoute, prefix="/compat/nemo-gym", tags=["compat"])

Json = dict[str, ReadJson]

_MASK = "mask_sample"
_INSTANCE = "instance_config"
"""Where NeMo RL looked for the mask before it stood in the row itself."""

_FAILURE = frozenset(
    {_MASK, "failure_kind", "failure_reason", "_ng_failure_class", "_ng_failure_judge_error"}
)
"""What a row out of the failures file says of its last try, which this one replaces."""


class Passed(BaseModel):
    """Part of a row: what is not read comes back as it came."""

    model_config = ConfigDict(extra="allow", frozen=True)


class CreateParams(Passed):
    """What the policy was asked."""

    input: str | MessagesIn


class GymResponse(Passed):
    """What the policy answered: a Responses object."""

    output: MessagesIn = []


class VerifyRequest(Passed):
    """A finished rollout. `verifier_metadata` brings the tests."""

    responses_create_params: CreateParams
    response: GymResponse
    verifier_metadata: Json | None = None

    def to_case(self) -> Case:
        asked = self.responses_create_params.input
        problem = asked if isinstance(asked, str) else said_by("user", asked)
        task = task_from(problem, self.verifier_metadata, "verifier_metadata")
        return Case(task, candidate_of(said_by("assistant", self.response.output)))


class VerifyResponse(VerifyRequest):
    """The row with its reward, or with what kept it from one."""

    reward: float
    reward_components: dict[str, float]
    """What the tests and what the critic gave; they add up to the reward."""
    mask_sample: bool = False
    failure_kind: str | None = None
    failure_reason: str | None = None
    failure_class: str | None = Field(default=None, alias="_ng_failure_class")
    judge_error: str | None = Field(default=None, alias="_ng_failure_judge_error")


@router.post("/seed_session")
@router.post("/close_session")
async def session(body: Annotated[Json | None, Body()] = None) -> Json:
    """Begin or end a session. Verifying needs none, so there is only its id to give back."""
    return {key: value for key, value in (body or {}).items() if key == "resources_session_id"}


@router.get("/reverify_mode")
async def reverify_mode() -> Literal["stateless"]:
    """Let finished rollouts be judged again: all that a reward rests on is in the row."""
    return "stateless"


@router.post("/verify", response_model_exclude_unset=True)
async def verify(
    body: Annotated[VerifyRequest, Body()],
    profile: Annotated[AbstainingProfile, Query()],
    request: Request,
    services: ServicesDep,
) -> VerifyResponse:
    """Verify a rollout as NeMo Gym asks for it."""
    (ruling,) = (await ask(profile, [body.to_case], request, services)).rulings
    row = body.model_dump(mode="json", exclude_unset=True, by_alias=True)
    asked = _without_failure(row)
    return VerifyResponse.model_validate(asked | _rewarded(ruling, profile.on_error, asked))


def _without_failure(row: dict[str, Any]) -> dict[str, Any]:
    asked = {name: value for name, value in row.items() if name not in _FAILURE}
    configured = asked.get(_INSTANCE)
    if isinstance(configured, dict) and configured.pop(_MASK, None) and not configured:
        del asked[_INSTANCE]
    return asked


def _rewarded(ruling: Ruling, on_error: str, asked: dict[str, Any]) -> dict[str, Any]:
    reward = told(ruling, on_error).score
    by_tests = reward if ruling.basis is Basis.TESTS else 0.0
    row = {
        "reward": reward or 0.0,
        "reward_components": {"exec": by_tests or 0.0, "critic": (reward or 0.0) - (by_tests or 0.0)},
    }
    return row if ruling.score is not None and ruling.error is None else row | _failure(ruling, asked)


def _failure(ruling: Ruling, asked: dict[str, Any]) -> dict[str, Any]:
    """Name the failure in the words that Gym counts failures by."""
    kind, reason = "judge_unparseable", "the critic's judgment cannot be told"
    if ruling.error is not None:
        kind = "verifier_error" if isinstance(ruling.error, SandboxError) else "judge_failed"
        reason = f"{type(ruling.error).__name__}: {ruling.error}"[:500]
    configured = asked.get(_INSTANCE)
    return {
        _MASK: True,
        _INSTANCE: {**(configured if isinstance(configured, dict) else {}), _MASK: True},
        "failure_kind": kind,
        "failure_reason": reason,
        "_ng_failure_class": "judge_failed",
        "_ng_failure_judge_error": reason,
    }
