"""POST /refine, answered as one JSON document."""

import pytest

from service.api.refine_request import RefineRequest
from service.domain.errors import (
    CriticError,
    DeadlineError,
    GeneratorError,
    ModelError,
    RequestError,
    SandboxBusyError,
    SandboxError,
    ServiceError,
)
from service.services import Bounds
from tests.fakes import CORRECT, INCORRECT, FakeChatModel, ScriptedGenerator, ScriptedSandbox, verdict_of
from tests.unit.api.world import NOTICE, RIGHT, TESTS, WRONG, World, client_of, post

ASK = {"problem": "Add one.", "entry_point": "f"}


async def test_a_refinement_tells_every_round_and_why_it_ended() -> None:
    response = await post(World(), "/refine", ASK | {"metadata": {"who": "me"}})

    assert response.status_code == 200
    answer = response.json()
    assert answer["id"].startswith("rf_")
    assert (answer["object"], answer["status"]) == ("refinement", "completed")
    assert answer["stop_reason"] == "judged_correct"
    assert answer["solution"] == RIGHT
    assert answer["selected"] == {"candidate": 0, "round": 1}
    assert (answer["judgment"], answer["score"], answer["tests_passed"]) == ("correct", 1.0, None)
    assert [a_round["solution"] for a_round in answer["rounds"]] == [WRONG, RIGHT]
    assert answer["rounds"][0]["critique"]["judgment"] == "incorrect"
    assert answer["rounds"][0]["critique"]["parsed"] == "strict"
    assert answer["rounds"][0]["edit_similarity"] is None
    assert 0 < answer["rounds"][1]["edit_similarity"] < 1
    assert answer["usage"]["generator_calls"] == 2
    assert answer["usage"]["critic_calls"] == 2
    assert answer["models"]["critic"]["manifest"] == {"schema": 1}
    assert (answer["notice"], answer["metadata"], answer["feedback"]) == (NOTICE, {"who": "me"}, "blind")


async def test_tests_are_run_and_their_verdict_is_told() -> None:
    world = World(sandbox=ScriptedSandbox({RIGHT: verdict_of(1, 1)}))

    answer = (await post(world, "/refine", ASK | {"tests": TESTS, "stop": "tests_passed"})).json()

    assert (answer["stop_reason"], answer["tests_passed"]) == ("tests_passed", True)
    assert [a_round["verdict"]["outcome"] for a_round in answer["rounds"]] == ["wrong_answer", "accepted"]
    assert world.metric('ctrl_sandbox_runs_total{outcome="accepted"}') == 1


async def test_fields_left_out_and_fields_that_are_null_mean_the_defaults() -> None:
    nulls = {name: None for name, field in RefineRequest.model_fields.items() if not field.is_required()}

    world = World(critic=FakeChatModel(["no judgment"]), bounds=Bounds(default_rounds=1))
    answer = (await post(world, "/refine", nulls | ASK)).json()

    assert len(answer["rounds"]) == 2
    assert answer["stop_reason"] == "rounds_exhausted"


async def test_a_requests_sampling_wins_over_the_models_own() -> None:
    world = World()

    await post(world, "/refine", ASK | {"sampling": {"seed": 5, "max_tokens": 9}})

    propose, revise = world.generator.samplings
    assert (propose.temperature, propose.max_tokens) == (0.7, 9)
    assert revise.temperature == 0.0
    assert world.critic.samplings[0].temperature == 0.3
    assert propose.seed is not None


@pytest.mark.parametrize("given", [WRONG, f"Here you are:\n```python\n{WRONG}\n```\nGood luck!"])
async def test_a_draft_is_started_from_in_a_fence_or_without(given: str) -> None:
    world = World(generator=ScriptedGenerator([RIGHT]))

    answer = (await post(world, "/refine", ASK | {"solution": given})).json()

    assert [a_round["solution"] for a_round in answer["rounds"]] == [WRONG, RIGHT]
    assert answer["usage"]["generator_calls"] == 1


async def test_an_assert_names_the_function_the_prompt_asks_for() -> None:
    world = World(sandbox=ScriptedSandbox({WRONG: verdict_of(1, 1)}))
    tests = [{"assert": "assert add_one(3) == 4"}]

    response = await post(world, "/refine", {"problem": "Add one.", "tests": tests})

    assert response.status_code == 200
    assert "Define a function named add_one." in world.critic.conversations[0][-1].content


@pytest.mark.parametrize("role", ["generator", "critic"])
async def test_an_unknown_model_is_refused_with_the_known_ones_listed(role: str) -> None:
    response = await post(World(), "/refine", ASK | {role: "gpt-17"})

    problem = response.json()
    assert response.status_code == 422
    assert problem["errors"][0]["field"] == role
    assert "'gpt-17'" in problem["detail"]
    assert f"mini-{role}" in problem["detail"]


@pytest.mark.parametrize(
    ("world", "status", "slug"),
    [
        (World(generator=ScriptedGenerator([""], fault=GeneratorError("gone"))), 502, "generator-failed"),
        (World(critic=FakeChatModel([""], fault=ModelError("gone"))), 502, "critic-failed"),
        (World(critic=FakeChatModel([""], fault=CriticError("gone"))), 502, "critic-failed"),
        (World(sandbox=ScriptedSandbox(fault=SandboxError("gone"))), 502, "sandbox-failed"),
        (World(sandbox=ScriptedSandbox(fault=SandboxBusyError("full"))), 503, "sandbox-busy"),
    ],
)
async def test_a_broken_part_is_an_error_and_no_verdict(world: World, status: int, slug: str) -> None:
    response = await post(world, "/refine", ASK | {"tests": TESTS})

    problem = response.json()
    assert response.status_code == status
    assert problem["type"] == f"/problems/{slug}"
    assert problem["request_id"] == response.headers["x-request-id"]
    assert "rounds" not in problem
    assert ("retry-after" in response.headers) == (status == 503)
    assert world.metric('ctrl_refinements_total{stop_reason="failed"}') == 1
    assert world.gate.inflight == 0


@pytest.mark.parametrize(
    ("fault", "kind"), [(SandboxError("gone"), "failed"), (SandboxBusyError("full"), "busy")]
)
async def test_what_fails_upstream_is_counted_by_part_and_kind(fault: ServiceError, kind: str) -> None:
    world = World(sandbox=ScriptedSandbox(fault=fault))

    await post(world, "/refine", ASK | {"tests": TESTS})

    assert world.metric(f'ctrl_upstream_errors_total{{kind="{kind}",part="sandbox"}}') == 1


@pytest.mark.parametrize(
    ("fault", "ended"),
    [(RequestError("tests", "they judge no program"), "refused"), (DeadlineError("too late"), "deadline")],
)
async def test_what_cannot_be_carried_out_is_no_fault_of_ours(fault: ServiceError, ended: str) -> None:
    world = World(sandbox=ScriptedSandbox(fault=fault))

    await post(world, "/refine", ASK | {"tests": TESTS})

    assert world.metric(f'ctrl_refinements_total{{stop_reason="{ended}"}}') == 1
    assert world.metric('ctrl_refinements_total{stop_reason="failed"}') == 0


async def test_a_request_that_a_part_refuses_is_no_failure_of_the_part() -> None:
    world = World(sandbox=ScriptedSandbox(fault=RequestError("tests", "they judge no program")))

    await post(world, "/refine", ASK | {"tests": TESTS})

    assert world.metric('ctrl_upstream_errors_total{kind="failed",part="sandbox"}') == 0


async def test_a_bug_is_told_to_nobody_but_the_log() -> None:
    world = World(generator=ScriptedGenerator([""], fault=ZeroDivisionError("secret detail")))

    response = await post(world, "/refine", ASK)

    assert response.status_code == 500
    assert response.json()["type"] == "/problems/unexpected"
    assert "secret" not in response.text
    assert response.headers["x-request-id"] == response.json()["request_id"]


async def test_a_full_service_turns_work_away_at_once() -> None:
    world = World(max_inflight=1)
    async with client_of(world.app()) as client:
        with world.gate.admit():
            refused = await client.post("/refine", json=ASK)
        accepted = await client.post("/refine", json=ASK)

    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "2"
    assert refused.json()["type"] == "/problems/overloaded"
    assert accepted.status_code == 200


async def test_time_that_runs_out_before_a_candidate_is_a_deadline() -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0))

    response = await post(world, "/refine", ASK | {"budget": {"seconds": 0.05}})

    assert response.status_code == 504
    assert response.json()["type"] == "/problems/deadline-exceeded"
    assert world.generator.in_flight == 0


async def test_time_that_runs_out_later_returns_what_there_is() -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=1))

    answer = (await post(world, "/refine", ASK | {"budget": {"seconds": 0.2}})).json()

    assert (answer["stop_reason"], answer["solution"]) == ("deadline", WRONG)


async def test_a_refinement_is_counted() -> None:
    world = World()

    await post(world, "/refine", ASK)

    assert world.metric('ctrl_refinements_total{stop_reason="judged_correct"}') == 1
    assert world.metric("ctrl_rounds_total") == 2
    assert world.metric("ctrl_round_seconds_count") == 2
    assert world.metric('ctrl_critiques_total{parsed="strict"}') == 2
    assert world.metric('ctrl_judgments_total{judgment="incorrect"}') == 1
    assert world.metric('ctrl_model_call_seconds_count{model="fake",role="critic"}') == 2
    assert world.metric('ctrl_model_tokens_total{kind="prompt",role="critic"}') == 14
    assert world.metric('ctrl_model_tokens_total{kind="cached",role="critic"}') == 6
    written = len(INCORRECT.split()) + len(CORRECT.split())
    assert world.metric('ctrl_model_tokens_total{kind="completion",role="critic"}') == written
    assert world.metric("ctrl_inflight") == 0


async def test_a_critic_that_is_satisfied_at_once_leaves_the_draft() -> None:
    world = World(critic=FakeChatModel([CORRECT]))

    answer = (await post(world, "/refine", ASK)).json()

    assert (answer["solution"], answer["selected"]["round"]) == (WRONG, 0)
