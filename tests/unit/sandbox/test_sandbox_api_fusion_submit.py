"""SandboxFusion's `/submit` with tests of standard input and output, and the routes about datasets."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from sandbox_runner.api.fusion.extraction import Extracted, Kind, extract
from sandbox_runner.domain.cases import StdinCase
from sandbox_runner.domain.checkers import CHECKERS
from sandbox_runner.domain.verdict import Outcome, TestResult
from tests.unit.sandbox.api_client import api_client, fusion_submit
from tests.unit.sandbox.fake_sandbox import FakeJudge

STDIO = [{"input": {"stdin": str(n)}, "output": {"stdout": str(n + 1)}} for n in range(3)]


@pytest.fixture
def judge() -> FakeJudge:
    return FakeJudge()


@pytest.fixture
async def client(judge: FakeJudge) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(judge) as client:
        yield client


async def test_a_common_oj_answer_has_every_key(client: httpx.AsyncClient, judge: FakeJudge) -> None:
    judge.result = TestResult(Outcome.ACCEPTED, "1", exit_code=0)

    body = (await client.post("/submit", json=fusion_submit(STDIO[:1]))).json()

    info = body["tests"][0].pop("exec_info")
    assert body == {
        "id": 7,
        "accepted": True,
        "extracted_code": "print(int(input()) + 1)\n",
        "full_code": None,
        "test_code": None,
        "tests": [{"passed": True, "test_info": {"input": {"stdin": "0"}, "output": {"stdout": "1"}}}],
        "extracted_type": "fenced",
        "extra": None,
        "x": {"verdict": "accepted", "passed": 1, "total": 1, "integrity": "strong", "tier": "T3"},
    }
    assert (info["status"], info["run_result"]["stdout"], info["x"]["integrity"]) == (
        "Success",
        "1",
        "strong",
    )


@pytest.mark.parametrize("as_text", [False, True])
async def test_expected_outputs_become_cases_and_no_part_of_the_program(
    client: httpx.AsyncClient, judge: FakeJudge, as_text: bool
) -> None:
    await client.post("/submit", json=fusion_submit(json.dumps(STDIO) if as_text else STDIO))

    submission = judge.submissions[0]
    assert submission.cases == tuple(StdinCase(str(n), str(n + 1)) for n in range(3))
    assert submission.code == "print(int(input()) + 1)\n"
    assert submission.stop_on_first_fail
    assert submission.limits.wall_s == 20


async def test_run_all_cases_and_a_named_checker_reach_the_judge(
    client: httpx.AsyncClient, judge: FakeJudge
) -> None:
    extra = {"run_all_cases": True, "checker": "identical"}

    await client.post("/submit", json=fusion_submit(STDIO, extra=extra, run_timeout=3))

    submission = judge.submissions[0]
    assert (submission.stop_on_first_fail, submission.checker) == (False, CHECKERS["identical"])
    assert submission.limits.wall_s == 3


@pytest.mark.parametrize("whole", [False, True])
async def test_long_cases_that_passed_are_elided_unless_asked_for(
    client: httpx.AsyncClient, judge: FakeJudge, whole: bool
) -> None:
    test = [{"input": {"stdin": "a" * 3_000}, "output": {"stdout": "b" * 900}}]

    body = (await client.post("/submit", json=fusion_submit(test, extra={"return_full_case": whole}))).json()

    info = body["tests"][0]["test_info"]
    assert len(info["input"]["stdin"]) == (3_000 if whole else 1_003)
    assert len(info["output"]["stdout"]) == 900


async def test_a_case_that_failed_is_never_elided(client: httpx.AsyncClient, judge: FakeJudge) -> None:
    judge.result = TestResult(Outcome.WRONG_ANSWER, "no", exit_code=0)
    test = [{"input": {"stdin": "a" * 3_000}, "output": {"stdout": "b"}}]

    body = (await client.post("/submit", json=fusion_submit(test))).json()

    assert len(body["tests"][0]["test_info"]["input"]["stdin"]) == 3_000
    assert (body["accepted"], body["tests"][0]["passed"]) == (False, False)
    assert body["tests"][0]["exec_info"]["status"] == "Success"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"dataset_type": None}, "no eval class found for dataset mine"),
        ({"dataset_type": "NoDataset"}, "eval class NoDataset not found"),
        ({"language": None}, "config.language field must exist"),
        ({"language": "cobol"}, "language cobol not installed"),
        ({"provided_data": None}, "must be an object"),
        ({"provided_data": []}, "must be an object"),
        ({"provided_data": {}}, "provided_data.test is missing"),
        ({"provided_data": {"test": "nonsense"}}, "neither JSON nor packed JSON"),
        ({"provided_data": {"test": [3]}}, "provided_data.test"),
        ({"provided_data": {"test": []}}, "between 1 and"),
        ({"provided_data": {"test": [{"input": {"f": "x"}, "output": {"stdout": ""}}]}}, "files"),
        ({"custom_extract_logic": "import os"}, "custom_extract_logic"),
        ({"extra": {"checker": "vibes"}}, "unknown checker"),
    ],
)
async def test_a_submission_that_cannot_be_judged_is_400_with_a_detail(
    client: httpx.AsyncClient, judge: FakeJudge, change: dict[str, Any], says: str
) -> None:
    response = await client.post("/submit", json=fusion_submit(STDIO, **change))

    assert response.status_code == 400
    assert says in response.json()["detail"]
    assert judge.submissions == []


async def test_a_box_that_broke_is_no_verdict(client: httpx.AsyncClient, judge: FakeJudge) -> None:
    judge.result = TestResult(Outcome.INTERNAL_ERROR)

    response = await client.post("/submit", json=fusion_submit(STDIO))

    assert (response.status_code, response.headers["retry-after"]) == (504, "1")


@pytest.mark.parametrize(
    ("completion", "code", "kind"),
    [
        ("a\n```cpp\nint x;\n```\n```python\nx = 1\n```\n```python\ny = 2\n```", "x = 1\n", "fenced"),
        ("```py\nx = 1\n```", "x = 1\n", "fenced"),
        ("```\nx = 1\n```", "x = 1\n", "fenced"),
        (
            "1. a\n   ```python\n   if x:\n     y = 1\n\n  z = 2\n   ```",
            "if x:\n  y = 1\n\nz = 2\n",
            "fenced",
        ),
        ("- a\n  ```python\n  x = 1\n", "x = 1\n", "incomplete_fenced"),
        ("so:\n```python\nx = 1\n", "x = 1\n", "incomplete_fenced"),
        ("I would say\nimport sys\nprint(1)", "import sys\nprint(1)", "heuristic"),
        ("I do not know.", "", "empty"),
        ("", "", "empty"),
    ],
)
async def test_the_program_is_found_in_the_completion(
    client: httpx.AsyncClient, completion: str, code: str, kind: str
) -> None:
    body = (await client.post("/submit", json=fusion_submit(STDIO) | {"completion": completion})).json()

    assert (body["extracted_code"], body["extracted_type"]) == (code, kind)


async def test_prompts_and_ids_come_from_the_rows_that_were_sent(client: httpx.AsyncClient) -> None:
    rows = [
        {"id": n, "content": f"Task {n}.", "labels": '{"a": 1}', "test": ["assert f()"]} for n in range(3)
    ]
    many = {"dataset": "mbpp", "config": {"provided_data": rows}, "offset": 1, "limit": 1}
    one = {"dataset": "mbpp", "config": {"provided_data": rows[2]}, "id": 2}

    prompts = (await client.post("/get_prompts", json=many)).json()
    prompt = (await client.post("/get_prompt_by_id", json=one)).json()
    ids = (await client.post("/list_ids", json=many)).json()

    assert prompts == [
        {
            "id": 1,
            "prompt": "Task 1. Your code should satisfy these tests:\n\nassert f()",
            "labels": {"a": 1},
        }
    ]
    assert (prompt["id"], ids) == (2, [1])


@pytest.mark.parametrize(
    "row",
    [
        '{"id": NaN, "test": []}',
        '{"labels": "[Infinity]", "test": []}',
        '{"labels": {"a": 1e999}, "test": []}',
    ],
)
async def test_what_json_cannot_hold_is_refused_where_it_would_be_answered(
    client: httpx.AsyncClient, row: str
) -> None:
    for path, rows in (("/get_prompts", f"[{row}]"), ("/get_prompt_by_id", row)):
        asked = f'{{"dataset": "mbpp", "id": 1, "config": {{"provided_data": {rows}}}}}'
        answer = await client.post(path, content=asked, headers={"content-type": "application/json"})

        assert answer.status_code == 400, answer.text


async def test_the_small_routes_answer(client: httpx.AsyncClient) -> None:
    asked = {"dataset": "mbpp", "config": {}, "results": []}

    assert (await client.get("/list_datasets")).json() == []
    assert (await client.post("/get_metrics", json=asked)).json() == {}
    assert (await client.post("/get_metrics_function", json=asked)).json() == {"function": None}
    assert (await client.post("/get_prompts", json=asked)).status_code == 400


@pytest.mark.parametrize(
    ("language", "tag"),
    [
        ("nodejs", "javascript"),
        ("nodejs", "js"),
        ("cpp", "C++"),
        ("rust", "rs"),
        ("bash", "shell"),
        ("java", "java"),
    ],
)
def test_a_block_is_known_by_every_name_of_its_language(language: str, tag: str) -> None:
    completion = f"For 3 the answer is\n```text\n4\n```\nso:\n```{tag}\ncode\n```"

    assert extract(completion, language) == Extracted("code\n", Kind.FENCED)
