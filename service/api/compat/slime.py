"""slime's remote reward: `--rm-type remote_rm --rm-url http://…/compat/slime`.

The JSON body is the reward: a number, or with `?reward_key=score` (as in `--reward-key score`) an object.
slime tries ten times over some minutes before a run ends, so a part's failure is an error by default.
"""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from service.api.compat.asking import ask, scores, task_from
from service.api.compat.messages import MessagesIn, said_by
from service.api.compat.profile import ScalarProfile
from service.api.routing import ReadJson, ServicesDep, StrictRoute
from service.api.task import PROBLEM_CHARS, RESPONSE_CHARS, candidate_of
from service.domain.ruling import Case
from service.domain.transcript import problem_in, without_end

router = APIRouter(route_class=StrictRoute, tags=["compat"])


class SlimeProfile(ScalarProfile):
    """With a key the answer is an object that has the reward under it."""

    reward_key: str | None = Field(default=None, pattern=r"^\w{1,64}$")


class SlimeRequest(BaseModel):
    """One sample. The label brings the tests."""

    model_config = ConfigDict(frozen=True)

    prompt: Annotated[str, Field(max_length=PROBLEM_CHARS)] | MessagesIn
    response: str = Field(max_length=RESPONSE_CHARS)
    label: ReadJson = None

    def to_case(self) -> Case:
        prompt = self.prompt
        problem = problem_in(prompt) if isinstance(prompt, str) else said_by("user", prompt)
        return Case(task_from(problem, self.label, "label"), candidate_of(without_end(self.response)))


@router.post("/compat/slime")
async def reward(
    body: Annotated[SlimeRequest, Body()],
    profile: Annotated[SlimeProfile, Query()],
    request: Request,
    services: ServicesDep,
) -> float | dict[str, float | str | None]:
    """Reward one sample as slime asks for it."""
    outcome = await ask(profile, [body.to_case], request, services)
    (score,), (ruling,) = scores(outcome.rulings, profile.on_error), outcome.rulings
    if profile.reward_key is None:
        return score
    found: dict[str, float | str | None] = {
        "score": score,
        "p_correct": ruling.score,
        "status": ruling.status,
        "judgment": ruling.judgment,
    }
    return found | {profile.reward_key: score}
