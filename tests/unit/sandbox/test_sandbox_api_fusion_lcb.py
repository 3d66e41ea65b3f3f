"""SandboxFusion's `/submit` as LiveCodeBench uses it, pickles included."""

import json
import pickle
import struct
import zlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from sandbox_runner.domain.cases import CallCase, StdinCase
from sandbox_runner.domain.comparison import Equality
from sandbox_runner.domain.verdict import Outcome, TestResult
from tests.unit.sandbox.api_client import api_client, base64_of, fusion_submit
from tests.unit.sandbox.fake_sandbox import FakeJudge


@pytest.fixture
def judge() -> FakeJudge:
    return FakeJudge()


@pytest.fixture
async def client(judge: FakeJudge) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(judge) as client:
        yield client


LCB_CALLS = {"inputs": ["3\n[1, 2]", "4\n[]"], "outputs": ["[3, 1]", "null"], "fn_name": "f"}


def _packed(content: object) -> str:
    return base64_of(zlib.compress(pickle.dumps(json.dumps(content))))


@pytest.mark.parametrize(
    "test",
    [
        {"input_output": json.dumps(LCB_CALLS)},
        json.dumps({"input_output": json.dumps(LCB_CALLS)}),
        {"input_output": _packed(LCB_CALLS)},
        _packed({"input_output": json.dumps(LCB_CALLS)}),
    ],
    ids=["object", "text", "packed member", "packed whole"],
)
async def test_live_code_bench_functions_become_calls(
    client: httpx.AsyncClient, judge: FakeJudge, test: object
) -> None:
    body = (await client.post("/submit", json=fusion_submit(test, "LiveCodeBenchDataset"))).json()

    assert judge.submissions[0].cases == (
        CallCase("f", (3, [1, 2]), {}, [3, 1], Equality.NUMBERS),
        CallCase("f", (4, []), {}, None, Equality.NUMBERS),
    )
    assert judge.submissions[0].limits.wall_s == 6
    assert len(body["tests"]) == 1
    assert (body["accepted"], body["x"]["integrity"]) == (True, "strong")
    assert body["extracted_code"] == "print(int(input()) + 1)\n"


async def test_live_code_bench_programs_become_standard_input_and_output(
    client: httpx.AsyncClient, judge: FakeJudge
) -> None:
    test = {"input_output": json.dumps({"inputs": ["1\n2"], "outputs": ["3"]})}

    await client.post("/submit", json=fusion_submit(test, "LiveCodeBenchDataset"))

    assert judge.submissions[0].cases == (StdinCase("1\n2", "3"),)


async def test_a_wrong_value_fails_the_one_entry_that_stands_for_all(
    client: httpx.AsyncClient, judge: FakeJudge
) -> None:
    judge.result = TestResult(Outcome.WRONG_ANSWER, message="returned 4", exit_code=0)
    test = {"input_output": json.dumps(LCB_CALLS)}

    body = (await client.post("/submit", json=fusion_submit(test, "LiveCodeBenchDataset"))).json()

    info = body["tests"][0]["exec_info"]
    assert (info["status"], info["run_result"]["return_code"]) == ("Failed", 1)
    assert info["run_result"]["stderr"] == "returned 4\n"
    assert info["x"]["verdict"] == "wrong_answer"


_RIGHT = json.dumps({"input_output": json.dumps(LCB_CALLS)})
_PUSHED = b"X" + struct.pack("<I", len(_RIGHT)) + _RIGHT.encode()


class _Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, (_RIGHT,)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(_Evil(), protocol=2),
        pickle.dumps(_Evil()),
        pickle.dumps([_RIGHT]),
        pickle.dumps(_RIGHT, protocol=0),
        pickle.dumps(_RIGHT)[:-1],
        b"",
        pickle.dumps(3),
        b"\x80\x02" + _PUSHED + _PUSHED + b".",
        b"\x80\x02" + _PUSHED + b"q\1" * 40 + b".",
    ],
)
async def test_a_pickle_of_anything_but_one_string_is_refused(
    client: httpx.AsyncClient, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    response = await client.post(
        "/submit", json=fusion_submit(base64_of(zlib.compress(content)), "LiveCodeBenchDataset")
    )

    assert response.status_code == 400
    assert "input_output" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "packed",
    [
        zlib.compress(pickle.dumps(_RIGHT))[:-1],
        zlib.compress(pickle.dumps(" " * (64 << 20) + _RIGHT)),
        pickle.dumps(_RIGHT),
    ],
    ids=["cut short", "a bomb", "not compressed"],
)
async def test_what_is_not_a_short_compressed_pickle_is_refused(
    client: httpx.AsyncClient, packed: bytes
) -> None:
    response = await client.post("/submit", json=fusion_submit(base64_of(packed), "LiveCodeBenchDataset"))

    assert response.status_code == 400


@pytest.mark.parametrize(
    ("test", "says"),
    [
        ({"input_output": "[]"}, "must be an object"),
        ({"input_output": {"inputs": ["1"], "outputs": []}}, "same number"),
        ({"input_output": {"inputs": ["1"], "outputs": "1"}}, "same number"),
        ({"input_output": {"inputs": [3], "outputs": ["1"], "fn_name": "f"}}, "lines of JSON"),
        ({"input_output": {"inputs": ["3"], "outputs": ["1"], "fn_name": "\x04"}}, "a Python name"),
        ({"input_output": {"inputs": ["x y"], "outputs": ["1"], "fn_name": "f"}}, "must be JSON"),
        ({"input_output": "[" * 100_000}, "neither JSON nor packed JSON"),
        ({"input_output": "\u00e9"}, "neither JSON nor packed JSON"),
    ],
)
async def test_tests_that_cannot_be_read_are_400(client: httpx.AsyncClient, test: object, says: str) -> None:
    response = await client.post("/submit", json=fusion_submit(test, "LiveCodeBenchDataset"))

    assert (response.status_code, says in response.json()["detail"]) == (400, True)


async def test_lists_of_lines_and_values_that_are_no_text_are_read_too(
    client: httpx.AsyncClient, judge: FakeJudge
) -> None:
    lines = {"inputs": [["1", "2"], 3], "outputs": ["3", {"a": 1}]}
    values = {"inputs": [[1, [2]]], "outputs": [[3]], "fn_name": "f"}
    separated = {"inputs": ['"a\u2028b\x85c"\r\n2\n'], "outputs": ["3"], "fn_name": "f"}

    for test in (lines, values, separated):
        await client.post("/submit", json=fusion_submit({"input_output": test}, "LiveCodeBenchDataset"))

    assert judge.submissions[0].cases == (StdinCase("1\n2", "3"), StdinCase("3", '{"a": 1}'))
    assert judge.submissions[1].cases == (CallCase("f", (1, [2]), {}, [3], Equality.NUMBERS),)
    assert judge.submissions[2].cases == (CallCase("f", ("a\u2028b\x85c", 2), {}, 3, Equality.NUMBERS),)


@pytest.mark.parametrize(
    ("code", "first_line"),
    [("from __future__ import annotations\nx = 1", "from __future__"), ("x: List[int] = []", "from typing")],
)
async def test_the_imports_of_the_harness_come_first_where_they_may(
    client: httpx.AsyncClient, judge: FakeJudge, code: str, first_line: str
) -> None:
    asked = fusion_submit({"input_output": LCB_CALLS}, "LiveCodeBenchDataset")

    await client.post("/submit", json=asked | {"completion": f"```python\n{code}\n```"})

    assert judge.submissions[0].code.startswith(first_line)
    exec(judge.submissions[0].code, {})  # noqa: S102 - a fixture of ours


@pytest.mark.parametrize(("seconds", "verdict"), [(9.4, "accepted"), (9.6, "time_limit")])
async def test_all_cases_of_live_code_bench_share_a_limit(
    client: httpx.AsyncClient, judge: FakeJudge, seconds: float, verdict: str
) -> None:
    """Two cases of 6 seconds at most: 19 in all."""
    judge.result = TestResult(Outcome.ACCEPTED, wall_s=seconds, exit_code=0)

    test = {"input_output": json.dumps(LCB_CALLS)}
    body = (await client.post("/submit", json=fusion_submit(test, "LiveCodeBenchDataset"))).json()

    assert body["accepted"] is (verdict == "accepted")
    assert body["x"]["verdict"] == verdict


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.WRONG_ANSWER])
async def test_the_case_at_which_the_time_of_all_ran_out_is_the_last(
    client: httpx.AsyncClient, judge: FakeJudge, outcome: Outcome
) -> None:
    judge.result = TestResult(outcome, wall_s=20)
    judge.following = (TestResult(Outcome.INTERNAL_ERROR),)  # which would be no verdict
    asked = fusion_submit({"input_output": LCB_CALLS}, "LiveCodeBenchDataset", run_all_cases=True)

    body = (await client.post("/submit", json=asked)).json()

    late = Outcome.TIME_LIMIT if outcome is Outcome.ACCEPTED else outcome
    assert (body["x"]["verdict"], body["x"]["passed"], body["x"]["total"]) == (late, 0, 2)
