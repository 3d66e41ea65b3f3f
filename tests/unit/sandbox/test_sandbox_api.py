"""The HTTP edge, with a fake judge behind the real app."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from sandbox_runner.app import create_app
from sandbox_runner.boxes import runtimes
from sandbox_runner.domain.cases import CallCase, StdinCase
from sandbox_runner.domain.comparison import Equality
from sandbox_runner.domain.verdict import Outcome, TestResult, Tier
from sandbox_runner.settings import Settings
from tests.unit.sandbox.api_client import CALL, BareClient, api_client
from tests.unit.sandbox.fake_sandbox import FakeJudge, fake_sandbox


@pytest.fixture
def judge() -> FakeJudge:
    return FakeJudge()


@pytest.fixture
async def client(judge: FakeJudge) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(judge) as client:
        yield client


async def test_a_verdict_has_the_contracted_shape(client: httpx.AsyncClient) -> None:
    response = await client.post("/judge", json=CALL)

    assert response.status_code == 200
    assert response.json() == {
        "verdict": {
            "outcome": "accepted",
            "passed": 1,
            "total": 1,
            "tests": [
                {
                    "outcome": "accepted",
                    "stdout": "",
                    "stderr": "",
                    "cpu_s": 0.0,
                    "wall_s": 0.0,
                    "memory_bytes": 0,
                    "message": "",
                    "returned": None,
                    "limit": None,
                    "signal": None,
                }
            ],
            "feedback": None,
        },
        "integrity": "strong",
        "tier": "T3",
    }


async def test_a_run_has_the_contracted_shape(client: httpx.AsyncClient, judge: FakeJudge) -> None:
    judge.result = TestResult(Outcome.RUNTIME_ERROR, "out", "err", 0.1, 0.2, 3, "exit status 3", exit_code=3)

    response = await client.post("/run", json={"code": "x", "stdin": "in"})

    assert response.json() == {
        "outcome": "runtime_error",
        "exit_code": 3,
        "stdout": "out",
        "stderr": "err",
        "cpu_s": 0.1,
        "wall_s": 0.2,
        "memory_bytes": 3,
        "message": "exit status 3",
        "tier": "T3",
    }
    assert judge.programs[0].stdin == "in"


async def test_the_three_forms_of_test_become_cases(client: httpx.AsyncClient, judge: FakeJudge) -> None:
    tests = [
        {"stdin": "3", "stdout": "4"},
        {"args": [3], "expected": 4},
        {"args": [3], "expected": 4, "equality": "numbers"},
        {"assert": "assert g(3) == 4.0"},
    ]

    await client.post("/judge", json=CALL | {"tests": tests})

    assert judge.submissions[0].cases == (
        StdinCase("3", "4"),
        CallCase("f", (3,), {}, 4, Equality.JSON),
        CallCase("f", (3,), {}, 4, Equality.NUMBERS),
        CallCase("g", (3,), {}, 4.0, Equality.PYTHON),
    )


async def test_limits_left_out_are_filled_in(client: httpx.AsyncClient, judge: FakeJudge) -> None:
    await client.post("/judge", json=CALL | {"limits": {"cpu_s": 1}})

    limits = judge.submissions[0].limits
    assert (limits.cpu_s, limits.wall_s, limits.processes) == (1, 3, 1)


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"language": "cobol"}, "language", "known: python"),
        ({"tests": []}, "tests", "at least 1"),
        ({"entry_point": None}, "entry_point", "function's name"),
        ({"entry_point": "\x04"}, "entry_point", "a Python name"),
        ({"entry_point": "a.b"}, "entry_point", "a Python name"),
        ({"language": "cpp"}, "tests.0", "no call tests"),
        ({"tests": [{"pytest": {}}]}, "tests.0.pytest.pytest", "at least 1"),
        ({"checker": {"name": "floats", "abs": -1}}, "checker.abs", "finite"),
        ({"tests": [{"args": [1], "expectd": 4}]}, "tests.0.call.expected", "required"),
        ({"tests": [{"stdin": "1"}]}, "tests.0.stdin.stdout", "required"),
        ({"tests": [3]}, "tests.0.call", "an object"),
        ({"checker": "vibes"}, "checker", "known: standard, identical"),
        ({"limits": {"cpu_s": 0}}, "limits.cpu_s", "greater than 0"),
        ({"limits": {"cpu_s": -1}}, "limits.cpu_s", "greater than 0"),
        ({"limits": {"cpu_s": 1e9}}, "limits.cpu_s", "at most 60"),
        ({"limits": {"wall_s": 1e9}}, "limits.wall_s", "at most 120"),
        ({"limits": {"memory_bytes": 1}}, "limits.memory_bytes", "at least"),
        ({"limits": {"memory_bytes": 1 << 60}}, "limits.memory_bytes", "at most"),
        ({"limits": {"output_bytes": 1 << 60}}, "limits.output_bytes", "at most"),
        ({"limits": {"processes": 1_000}}, "limits.processes", "at most"),
        ({"limits": {"cpus": 2}}, "limits.cpus", "not permitted"),
        ({"code": "x" * 2_000_000}, "code", "at most"),
        ({"surprise": 1}, "surprise", "not permitted"),
        ({"tests": [{"stdout": "x"}] * 100_001}, "tests", "at most 100000"),
        ({"packages": "torch"}, "packages", "known: stdlib"),
        ({"require_tier": "T4"}, "require_tier", "this service has T3"),
        ({"require_tier": "T0"}, "require_tier", "T1"),
        ({"deadline_s": 0}, "deadline_s", "greater than 0"),
    ],
)
async def test_an_invalid_request_names_the_field(
    client: httpx.AsyncClient, change: dict[str, object], field: str, says: str
) -> None:
    response = await client.post("/judge", json=CALL | change)

    body = response.json()
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert (body["type"], body["status"], body["instance"]) == ("/problems/invalid-request", 422, "/judge")
    assert body["errors"][0]["field"] == field
    assert says in body["errors"][0]["message"]


async def test_a_test_that_can_judge_no_program_is_the_requests_fault(
    client: httpx.AsyncClient, judge: FakeJudge
) -> None:
    judge.result = TestResult(Outcome.INVALID_TEST, message="it never asks")

    response = await client.post("/judge", json=CALL | {"tests": [{"assert": "for x in []: f(x)"}]})

    assert response.status_code == 422
    assert response.json()["errors"] == [{"field": "tests.0.assert", "message": "it never asks"}]


async def test_feedback_shows_a_public_test_and_hides_a_private_one(
    client: httpx.AsyncClient, judge: FakeJudge
) -> None:
    judge.result = TestResult(Outcome.WRONG_ANSWER, stdout="5", message="printed 5")
    hidden = {"stdin": "secret", "stdout": "hidden"}

    told = [
        (await client.post("/judge", json=CALL | {"tests": [test]})).json()["verdict"]["feedback"]
        for test in (hidden, hidden | {"public": True})
    ]

    assert ("secret" in told[0], "hidden" in told[0]) == (False, False)
    assert ("secret" in told[1], "hidden" in told[1]) == (True, True)


@pytest.mark.skipif("numpy" not in runtimes.python_runtimes(), reason="NO numpy beside the service")
async def test_packages_come_with_what_speaks_of_them(client: httpx.AsyncClient, judge: FakeJudge) -> None:
    said = {"code": "import numpy", "tests": [{"stdin": "", "stdout": ""}]}
    in_a_test = {"code": "", "tests": [{"assert": "import numpy as np\nassert np.allclose(f(), 4)"}]}
    for body in (said, in_a_test, said | {"packages": "stdlib"}, said | {"code": "import math"}):
        (await client.post("/judge", json=body)).raise_for_status()
    await client.post("/run", json={"code": "import numpy"})

    assert [each.packages for each in judge.submissions] == ["numpy", "numpy", "stdlib", "stdlib"]
    assert judge.programs[0].packages == "numpy"


async def test_forking_needs_a_process_namespace() -> None:
    async with api_client(FakeJudge(), Tier.T1) as client:
        response = await client.post("/judge", json=CALL | {"limits": {"processes": 2}})

    assert response.json()["errors"] == [
        {"field": "limits.processes", "message": "more than 1 needs namespaces (tier T2)"}
    ]


async def test_a_kernel_of_its_own_gives_a_box_no_namespaces() -> None:
    app = create_app(Settings(), fake_sandbox(FakeJudge(), Tier.T4, isolated=False))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as client:
        forking = await client.post("/judge", json=CALL | {"limits": {"processes": 2}})
        languages = await client.get("/languages")

    assert forking.json()["errors"][0]["field"] == "limits.processes"
    assert [each["id"] for each in languages.json()["languages"]] == ["python"]


async def test_a_full_queue_answers_503_and_when_to_come_back() -> None:
    judge = FakeJudge(gate=asyncio.Event())
    async with api_client(judge, concurrency=1, queue_size=0) as client, asyncio.TaskGroup() as group:
        first = group.create_task(client.post("/judge", json=CALL))
        await judge.arrived.wait()
        turned_away = await client.post("/judge", json=CALL)
        assert judge.gate is not None
        judge.gate.set()

    assert turned_away.status_code == 503
    assert turned_away.headers["retry-after"] == "1"
    assert turned_away.json()["type"] == "/problems/sandbox-busy"
    assert first.result().status_code == 200


async def test_a_client_that_leaves_cancels_its_judging_and_frees_the_slot() -> None:
    judge, client = FakeJudge(gate=asyncio.Event()), BareClient("/judge", CALL)

    async with asyncio.TaskGroup() as group:
        group.create_task(client.call(judge, concurrency=1, queue_size=0))
        await judge.arrived.wait()
        client.leave()

    assert judge.cancelled == 1
    assert client.sent[0]["status"] == 499


async def test_a_bug_of_ours_is_a_500_that_tells_nothing() -> None:
    async with api_client(FakeJudge(fault=RuntimeError("secret"))) as client:
        response = await client.post("/judge", json=CALL)

    assert response.status_code == 500
    assert "secret" not in response.text
    assert response.json()["type"] == "/problems/unexpected"


async def test_ready_lists_every_primitive_with_its_remedy_where_it_fails() -> None:
    async with api_client(FakeJudge(), Tier.T1) as client:
        body = (await client.get("/ready")).json()

    assert (body["ready"], body["tier"], body["min_tier"]) == (True, "T1", "T1")
    failing = [each for each in body["primitives"] if not each["holds"]]
    assert failing
    assert all(each["remedy"] and each["needed_for"] in {"T2", "T3"} for each in failing)


async def test_the_small_routes_answer(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health")).json() == {"status": "ok"}
    assert (await client.get("/languages")).json()["languages"][0]["id"] == "python"
    assert "ctrl_queue_seconds" in (await client.get("/metrics")).text
    assert 'ctrl_sandbox_tier{tier="T3"} 1.0' in (await client.get("/metrics")).text
    missing = await client.get("/nowhere")
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/not-found")
