"""`POST /judge`: the critic as a reward model, with the caller's tests run where given."""

from typing import Annotated

from fastapi import APIRouter, Body, Request
from fastapi.openapi.models import Example

from service.api.drain import while_wanted
from service.api.judge_request import JudgeRequest
from service.api.judge_response import JudgeResponse, JudgeResult, is_known, ranked
from service.api.judging import Order, judged
from service.api.models import ModelOut, notice
from service.api.refinement import UsageOut
from service.api.routing import ServicesDep, StrictRoute
from service.reader import read_cases
from service.services import Services

EXAMPLES: dict[str, Example] = {
    "programs for one problem": {
        "value": {
            "problem": "Add one to a number.",
            "entry_point": "add_one",
            "solutions": ["def add_one(x):\n    return x + 1", "def add_one(x):\n    return x"],
            "votes": 8,
        }
    },
    "a batch, by its tests and then by the critic": {
        "value": {
            "mode": "hybrid",
            "on_error": "abstain",
            "items": [
                {
                    "id": "row 7, sample 0",
                    "problem": "Read a number and print it plus one.",
                    "solution": "```python\nprint(int(input()) + 1)\n```",
                    "tests": [{"stdin": "3\n", "stdout": "4\n"}],
                }
            ],
        }
    },
}

router = APIRouter(route_class=StrictRoute, tags=["judge"])


@router.post("/judge")
async def judge(
    body: Annotated[JudgeRequest, Body(openapi_examples=EXAMPLES)], request: Request, services: ServicesDep
) -> JudgeResponse:
    """Score programs. A part's failure is an item's `error`, never a score of 0."""
    order = Order(services.critic(body.critic), body.mode, body.votes, body.sampling)
    return await while_wanted(request, _response(body, order, services))


async def _response(body: JudgeRequest, order: Order, services: Services) -> JudgeResponse:
    with services.gate.admit():
        cases = await read_cases(body.unread)
        outcome = await judged(order, cases, services)
    rulings, model = outcome.rulings, ModelOut.of(order.served.card)
    # Programs for different problems have no order.
    ranking = ranked(rulings) if len({case.task.key for case in cases}) == 1 else []
    return JudgeResponse(
        results=[
            JudgeResult.of(ruling, result_id, body.on_error)
            for ruling, result_id in zip(rulings, body.ids, strict=True)
        ],
        ranking=ranking,
        best=ranking[0] if ranking and is_known(rulings[ranking[0]]) else None,
        judge_version=order.version,
        usage=UsageOut.of(outcome.usage),
        model=model,
        notice=notice(model),
        seconds=round(outcome.seconds, 6),
    )
