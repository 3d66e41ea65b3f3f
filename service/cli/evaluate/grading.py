"""Whether the program of each round is right: by the verdicts that came with it, or by hidden tests."""

from collections.abc import Collection, Sequence
from typing import Any

from service.api.refinement import RefinementOut
from service.cli.evaluate.problems import HIDDEN
from service.cli.exits import UsageError
from service.client import AsyncClient, ProblemError
from service.domain.critique import Judgment
from service.domain.ruling import Mode, Status
from service.domain.verdict import Outcome

Json = dict[str, Any]


async def graded(client: AsyncClient, body: Json, options: Collection[str] = ()) -> Json:
    """Refine, and have every round's program run on the tests that grade.

    A program that could not be judged raises `ProblemError`: it is neither right nor wrong. A field that is
    one of the command's `options` and that the gateway refuses is wrong for all rows: `UsageError`.
    """
    try:
        refinement = await client.refine({name: value for name, value in body.items() if name != HIDDEN})
    except ProblemError as error:
        for complaint in error.errors:
            if complaint["field"] in options:
                raise UsageError(f"--{complaint['field']}: {complaint['message']}") from None
        raise
    passes = _by_verdicts(refinement) if HIDDEN not in body else None
    if passes is None:
        passes = await _by_tests(client, refinement, body)
    return {"refinement": refinement.model_dump(mode="json"), "passes": passes}


def _by_verdicts(refinement: RefinementOut) -> list[bool] | None:
    """Read the verdicts; None where a round has none, as where time ran out."""
    verdicts = [a_round.verdict for a_round in refinement.rounds if a_round.verdict is not None]
    if len(verdicts) < len(refinement.rounds):
        return None
    return [verdict.outcome is Outcome.ACCEPTED for verdict in verdicts]


async def _by_tests(client: AsyncClient, refinement: RefinementOut, body: Json) -> list[bool]:
    fields: Json = {name: body[name] for name in ("problem", "entry_point", "critic") if name in body}
    judging = await client.judge(
        fields,
        solutions=[a_round.solution for a_round in refinement.rounds],
        tests=_grading_tests(body),
        mode=Mode.EXEC,
    )
    for result in judging.results:
        if result.status is not Status.OK:
            problem = {} if result.error is None else result.error.model_dump(mode="json", exclude_none=True)
            raise ProblemError(problem or {"title": "A program was not judged"}, 500)
    return [result.judgment is Judgment.CORRECT for result in judging.results]


def _grading_tests(body: Json) -> Sequence[Json]:
    tests: Sequence[Json] = body.get(HIDDEN) or body["tests"]
    return tests
