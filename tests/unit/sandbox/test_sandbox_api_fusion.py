"""SandboxFusion's `/run_code` around a fake judge: what the judge is asked, every key of the answer."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from sandbox_runner.api.fusion.results import response_of
from sandbox_runner.boxes import runtimes
from sandbox_runner.domain.verdict import Integrity, Outcome, TestResult, Tier
from tests.unit.sandbox.api_client import api_client, base64_of
from tests.unit.sandbox.fake_sandbox import FakeJudge

RUN: dict[str, Any] = {"code": "print(1)", "language": "python"}


@pytest.fixture
def judge() -> FakeJudge:
    return FakeJudge()


@pytest.fixture
async def client(judge: FakeJudge) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(judge) as client:
        yield client


async def test_ping_answers_pong(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/ping")).json() == "pong"


async def test_a_run_has_every_key_and_its_extensions_under_x(
    client: httpx.AsyncClient, judge: FakeJudge
) -> None:
    judge.result = TestResult(Outcome.ACCEPTED, "1\n", "", 0.5, 0.6, 2048, exit_code=0)

    response = await client.post("/run_code", json=RUN | {"surprise": 1})

    assert response.status_code == 200
    assert response.json() == {
        "status": "Success",
        "message": "",
        "compile_result": None,
        "run_result": {
            "status": "Finished",
            "execution_time": 0.6,
            "return_code": 0,
            "stdout": "1\n",
            "stderr": "",
        },
        "executor_pod_name": None,
        "files": {},
        "x": {
            "verdict": "accepted",
            "message": "",
            "cpu_ms": 500.0,
            "rss_kb": 2,
            "truncated": False,
            "integrity": "weak",
            "tier": "T3",
        },
    }


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (TestResult(Outcome.ACCEPTED, exit_code=0), ("Success", "Finished", 0)),
        (TestResult(Outcome.RUNTIME_ERROR, exit_code=3), ("Failed", "Finished", 3)),
        (TestResult(Outcome.RUNTIME_ERROR, exit_code=-11), ("Failed", "Finished", -11)),
        (TestResult(Outcome.TIME_LIMIT, "partial", exit_code=-9), ("Failed", "TimeLimitExceeded", None)),
        (TestResult(Outcome.MEMORY_LIMIT, exit_code=0), ("Failed", "Finished", -9)),
        (TestResult(Outcome.MEMORY_LIMIT, exit_code=1), ("Failed", "Finished", 1)),
        (TestResult(Outcome.OUTPUT_LIMIT, exit_code=-25), ("Failed", "Finished", -25)),
        (TestResult(Outcome.FORBIDDEN_SYSCALL, exit_code=-31), ("Failed", "Finished", -31)),
        (TestResult(Outcome.COMPILE_ERROR, exit_code=1), ("Failed", "Finished", 1)),
    ],
)
async def test_outcomes_become_status_and_return_code(
    client: httpx.AsyncClient, judge: FakeJudge, result: TestResult, expected: tuple[str, str, int | None]
) -> None:
    judge.result = result

    body = (await client.post("/run_code", json=RUN)).json()

    run = body["run_result"]
    assert (body["status"], run["status"], run["return_code"]) == expected
    assert run["stdout"] == result.stdout
    assert isinstance(run["stderr"], str)
    assert body["x"]["truncated"] is (result.outcome is Outcome.OUTPUT_LIMIT)


async def test_a_syntax_error_reads_as_the_interpreter_prints_it(
    client: httpx.AsyncClient, judge: FakeJudge
) -> None:
    message = "SyntaxError: invalid syntax\nsolution.py line 2: retrun x"
    judge.result = TestResult(Outcome.COMPILE_ERROR, message=message, exit_code=1)

    stderr = (await client.post("/run_code", json=RUN)).json()["run_result"]["stderr"]

    assert stderr == '  File "solution.py", line 2\n    retrun x\nSyntaxError: invalid syntax\n'


async def test_a_broken_box_is_a_sandbox_error(client: httpx.AsyncClient, judge: FakeJudge) -> None:
    judge.result = TestResult(Outcome.INTERNAL_ERROR, message="it broke")

    body = (await client.post("/run_code", json=RUN)).json()

    assert (body["status"], body["message"], body["run_result"]) == (
        "SandboxError",
        "it broke",
        None,
    )


@pytest.mark.parametrize(
    ("outcome", "compiling", "running"),
    [(Outcome.COMPILE_ERROR, 1, None), (Outcome.RUNTIME_ERROR, 0, 1), (Outcome.ACCEPTED, 0, 0)],
)
def test_a_compiled_program_has_two_results_or_the_one_that_failed(
    outcome: Outcome, compiling: int, running: int | None
) -> None:
    answer = response_of(TestResult(outcome, stderr="told"), "cpp", Integrity.WEAK, Tier.T3)

    compiled, ran = answer["compile_result"], answer["run_result"]
    assert compiled is not None
    assert (compiled["return_code"], compiled["stderr"]) == (compiling, "told" if compiling else "")
    assert (ran and ran["return_code"]) == running


def test_streams_that_were_cut_are_told_of() -> None:
    answer = response_of(TestResult(Outcome.ACCEPTED, truncated=True), "python", Integrity.WEAK, Tier.T3)

    assert answer["x"]["truncated"]


@pytest.mark.parametrize("asked", [{"files": {"a": base64_of(b"x")}}, {"fetch_files": ["a"]}])
async def test_files_need_a_directory_of_the_box(judge: FakeJudge, asked: dict[str, Any]) -> None:
    async with api_client(judge, Tier.T1) as client:
        body = (await client.post("/run_code", json=RUN | asked)).json()

    assert (body["status"], body["message"]) == ("SandboxError", "files need namespaces (tier T2)")


async def test_output_that_is_no_text_is_also_given_as_bytes(
    client: httpx.AsyncClient, judge: FakeJudge
) -> None:
    judge.result = TestResult(Outcome.ACCEPTED, "\ufffd", raw_stdout=b"\xff", exit_code=0)

    body = (await client.post("/run_code", json=RUN)).json()

    assert body["run_result"]["stdout"] == "\ufffd"
    assert body["x"]["stdout_b64"] == base64_of(b"\xff")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"language": "cobol"}, "language cobol not installed"),
        ({"files": {"../x": ""}}, "'../x': not a path below"),
        ({"files": {"a/../../x": ""}}, "not a path below"),
        ({"files": {"/etc/passwd": ""}}, "absolute paths"),
        ({"files": {"/tmp/../etc/passwd": ""}}, "not a path below"),
        ({"files": {"a\0b": ""}}, "not a path below"),
        ({"files": {"": ""}}, "not a path below"),
        ({"files": {"/tmp": ""}}, "not a path below"),
        ({"files": {"x" * 5_000: ""}}, "too long"),
        ({"files": {"x": "%%%"}}, "not base64"),
        ({"files": {"x": base64_of(bytes(17 << 20))}}, "more than"),
        ({"fetch_files": ["../../etc/shadow"]}, "not a path below"),
        ({"code": "x" * 2_000_000}, "code of more than"),
    ],
)
async def test_what_cannot_be_run_is_an_error_in_band(
    client: httpx.AsyncClient, judge: FakeJudge, change: dict[str, object], says: str
) -> None:
    response = await client.post("/run_code", json=RUN | change)

    body = response.json()
    assert (response.status_code, body["status"], body["run_result"]) == (200, "SandboxError", None)
    assert says in body["message"]
    assert judge.programs == []


async def test_files_go_in_and_come_back_by_the_names_they_were_given(
    client: httpx.AsyncClient, judge: FakeJudge
) -> None:
    files = {
        "a/b.txt": base64_of(b"in"),
        "/tmp/c": base64_of(b"c"),
        "lines": "bGlu\r\nZXM=\n",
        "skipped": None,
        "IGNORE_THIS_FILE_1": "?",
    }
    judge.result = TestResult(Outcome.ACCEPTED, exit_code=0, files={"out": b"fetched"})

    body = (
        await client.post("/run_code", json=RUN | {"files": files, "fetch_files": ["/tmp/out", "absent"]})
    ).json()

    assert judge.programs[0].files == {"a/b.txt": b"in", "c": b"c", "lines": b"lines"}
    assert judge.programs[0].fetch == ("out", "absent")
    assert body["files"] == {"/tmp/out": base64_of(b"fetched")}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("n" * 255, None),
        ("n" * 256, "too long"),
        ("\u00e9" * 128, "too long"),
        ("/".join(["n" * 204] * 5 + ["four"]), None),
        ("/".join(["n" * 204] * 5 + ["longer"]), "too long"),
    ],
    ids=["as long as names are", "longer", "longer in bytes", "as long as paths are", "a longer path"],
)
async def test_a_name_is_as_long_as_names_of_files_may_be(
    client: httpx.AsyncClient, judge: FakeJudge, name: str, told: str | None
) -> None:
    body = (await client.post("/run_code", json=RUN | {"files": {name: base64_of(b"x")}})).json()

    assert (told or "") in body["message"]
    assert [program.files for program in judge.programs] == ([] if told else [{name: b"x"}])


async def test_the_input_is_the_programs(client: httpx.AsyncClient, judge: FakeJudge) -> None:
    for stdin in ("3 4", None):
        await client.post("/run_code", json=RUN | {"stdin": stdin})

    assert [program.stdin for program in judge.programs] == ["3 4", ""]


@pytest.mark.parametrize(
    ("asked", "cpu_s", "wall_s"),
    [
        (None, 10, 10),
        (3, 3, 3),
        (0, 10, 10),
        (-1, 10, 10),
        (1e9, 60, 120),
        (float("inf"), 60, 120),
        (float("nan"), 10, 10),
    ],
)
async def test_timeouts_are_clamped_and_not_refused(
    client: httpx.AsyncClient, judge: FakeJudge, asked: float | None, cpu_s: float, wall_s: float
) -> None:
    body = json.dumps(RUN | {"run_timeout": asked})
    await client.post("/run_code", content=body, headers={"content-type": "application/json"})

    limits = judge.programs[0].limits
    assert (limits.cpu_s, limits.wall_s) == (cpu_s, wall_s)


@pytest.mark.parametrize(
    ("asked", "megabytes"), [(-1, 1024), (0, 1024), (None, 1024), (1, 64), (256, 256), (1 << 40, 4096)]
)
async def test_memory_is_clamped_and_not_refused(
    client: httpx.AsyncClient, judge: FakeJudge, asked: int | None, megabytes: int
) -> None:
    await client.post("/run_code", json=RUN | {"memory_limit_MB": asked})

    assert judge.programs[0].limits.memory_bytes == megabytes << 20


async def test_programs_may_fork_where_a_process_namespace_holds_them() -> None:
    judges = {tier: FakeJudge() for tier in (Tier.T1, Tier.T2)}
    for tier, judge in judges.items():
        async with api_client(judge, tier) as client:
            await client.post("/run_code", json=RUN)

    assert [judge.programs[0].limits.processes for judge in judges.values()] == [1, 16]


@pytest.mark.skipif("numpy" not in runtimes.python_runtimes(), reason="NO numpy beside the service")
async def test_a_program_that_speaks_of_numpy_gets_it(client: httpx.AsyncClient, judge: FakeJudge) -> None:
    await client.post("/run_code", json=RUN)
    await client.post("/run_code", json=RUN | {"code": "import numpy"})

    assert [program.packages for program in judge.programs] == ["stdlib", "numpy"]


@pytest.mark.parametrize("path", ["/run_code", "/submit", "/get_prompts", "/run_jupyter"])
async def test_missing_keys_are_422_in_fusions_words(client: httpx.AsyncClient, path: str) -> None:
    response = await client.post(path, json={})

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/json"
    assert response.json()["detail"][0]["loc"][0] == "body"
    assert response.json()["detail"][0]["type"] == "missing"


async def test_overload_waits_and_is_504_then(judge: FakeJudge) -> None:
    judge.gate = asyncio.Event()
    async with api_client(judge, concurrency=1, queue_size=0) as client, asyncio.TaskGroup() as group:
        group.create_task(client.post("/run_code", json=RUN))
        await judge.arrived.wait()
        waiting = group.create_task(client.post("/run_code", json=RUN))
        await asyncio.sleep(0.05)
        patient = not waiting.done()
        judge.gate.set()
    async with api_client(judge, concurrency=1, patient_queue_size=0) as client, asyncio.TaskGroup() as group:
        judge.gate.clear()
        judge.arrived.clear()
        group.create_task(client.post("/run_code", json=RUN))
        await judge.arrived.wait()
        turned_away = await client.post("/run_code", json=RUN)
        judge.gate.set()

    assert patient
    assert waiting.result().status_code == 200
    assert turned_away.status_code == 504
    assert turned_away.headers["retry-after"] == "1"
    assert isinstance(turned_away.json()["detail"], str)


async def test_a_bug_of_ours_is_a_500_that_tells_nothing() -> None:
    async with api_client(FakeJudge(fault=RuntimeError("secret"))) as client:
        response = await client.post("/run_code", json=RUN)

    assert (response.status_code, response.json()) == (500, {"detail": "internal error", "traceback": []})


async def test_notebooks_are_refused_in_band(client: httpx.AsyncClient) -> None:
    body = (await client.post("/run_jupyter", json={"cells": ["1"]})).json()

    assert body["status"] == "SandboxError"
    assert "not supported" in body["message"]
    assert (body["driver"], body["cells"], body["files"]) == (None, [], {})
