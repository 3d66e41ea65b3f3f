"""The SandboxFusion SDK, as CTRL uses it, and verl's way of asking, against the real sandbox."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import pytest_asyncio
import requests
import sandbox_fusion as sdk
from sandbox_fusion.client import summary_run_code_result

from tests.contract.sandbox_server import real_sandbox_server

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url() -> AsyncGenerator[str, None]:
    async with real_sandbox_server() as url:
        yield url


async def test_the_sdk_runs_a_program(url: str) -> None:
    asked = sdk.RunCodeRequest(code="print(input())", language="python", stdin="3", run_timeout=5)

    answer = await sdk.run_code_async(asked, endpoint=url, max_attempts=1)

    assert answer.status == sdk.RunStatus.Success
    assert answer.run_result.status == sdk.CommandRunStatus.Finished
    assert (answer.run_result.stdout, answer.run_result.return_code) == ("3\n", 0)
    assert answer.run_result.execution_time is not None


async def test_the_sdk_runs_many_programs_at_once(url: str) -> None:
    def ask(number: int) -> str:
        asked = sdk.RunCodeRequest(code=f"print({number})", language="python")
        return str(sdk.run_code(asked, endpoint=url, max_attempts=1).run_result.stdout)

    answers = await asyncio.to_thread(sdk.run_concurrent, ask, args=[[n] for n in range(30)])

    assert answers == [f"{n}\n" for n in range(30)]


async def test_the_sdk_tells_a_failure_by_its_mapping(url: str) -> None:
    mapping = sdk.SummaryMapping(Success="ok", Failed="failed", RunTimeout="late", RunFailed="crashed")
    told = []
    for code in ("print(1)", "1 / 0", "while True: pass", "def f("):
        asked = sdk.RunCodeRequest(code=code, language="python", run_timeout=0.5)
        answer = await sdk.run_code_async(asked, endpoint=url, max_attempts=1)
        told.append(str(summary_run_code_result(answer, mapping)))

    assert told == ["ok", "crashed", "late", "crashed"]


async def test_the_sdk_raises_for_a_language_that_is_not_there(url: str) -> None:
    asked = sdk.RunCodeRequest(code="x", language="lean")

    with pytest.raises(Exception, match="language lean not installed"):
        await sdk.run_code_async(asked, endpoint=url, max_attempts=1)


async def test_the_sdk_submits_as_ctrl_does(url: str) -> None:
    tests = [{"input": {"stdin": f"{n}\n"}, "output": {"stdout": f"{n * n}\n"}} for n in range(4)]
    config = sdk.TestConfig(
        dataset_type="CommonOJDataset",
        language="python",
        provided_data={"test": tests},
        extra={"run_all_cases": True},
        run_timeout=10,
    )
    completion = "```python\nn = int(input())\nprint(n * n if n < 3 else n)\n```"
    asked = sdk.SubmitRequest(dataset="code_contests", id=0, completion=completion, config=config)

    answer = await sdk.submit_async(asked, endpoint=url, max_attempts=1)

    assert not answer.accepted
    assert [test.passed for test in answer.tests] == [True, True, True, False]
    failed = answer.tests[3]
    assert failed.exec_info.run_result.stdout == "3\n"
    assert failed.exec_info.run_result.stderr == ""
    assert failed.test_info == {"input": {"stdin": "3\n"}, "output": {"stdout": "9\n"}}


async def test_the_sdk_submits_live_code_bench_as_ctrl_does(url: str) -> None:
    packed = {"input_output": json.dumps({"inputs": ["2", "3"], "outputs": ["4", "9"], "fn_name": "square"})}
    data = {"id": 1, "labels": "{}", "content": "Square it.", "test": json.dumps(packed)}
    config = sdk.TestConfig(dataset_type="LiveCodeBenchDataset", provided_data=data)
    completion = "```python\nclass Solution:\n    def square(self, n: int) -> int:\n        return n * n\n```"
    asked = sdk.SubmitRequest(dataset="dataset_id", id=1, completion=completion, config=config)

    answer = await asyncio.to_thread(sdk.submit, asked, endpoint=url, max_attempts=1)
    prompt = await sdk.get_prompt_by_id_async(
        sdk.GetPromptByIdRequest(dataset="dataset_id", config=config, id=1), endpoint=url
    )

    assert answer.accepted
    assert (prompt.id, prompt.prompt) == (1, "Square it.")


class VerlClient:
    """One request per test, from threads, under a semaphore; 504 alone is tried again."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/run_code"
        self._turn = threading.Semaphore(64)

    def grade(self, code: str, inputs: list[str], outputs: list[str]) -> list[bool | int]:
        with ThreadPoolExecutor(max_workers=32) as pool:
            return list(
                pool.map(lambda pair: self._grade_one(code, *pair), zip(inputs, outputs, strict=True))
            )

    def _grade_one(self, code: str, stdin: str, expected: str) -> bool | int:
        answer = self._ask(code, stdin)
        if answer is None or answer["status"] == "SandboxError":
            return -1
        run = answer["run_result"]
        if answer["status"] == "Success":
            return str(run["stdout"]).rstrip("\n") == expected.rstrip("\n")
        return -3 if run["status"] == "TimeLimitExceeded" else -2

    def _ask(self, code: str, stdin: str) -> dict[str, Any] | None:
        asked: dict[str, Any] = {
            "compile_timeout": 3,
            "run_timeout": 3,
            "code": code,
            "stdin": stdin,
            "memory_limit_MB": 1024,
            "language": "python",
            "files": {},
            "fetch_files": [],
        }
        for _ in range(3):
            with self._turn:
                response = requests.post(self._url, json=asked, timeout=3 + 3 + 10)
            if response.status_code != 504:
                break
        if response.status_code != 200:
            return None
        answer: dict[str, Any] = response.json()
        return answer


async def test_verl_grades_many_tests_at_once_and_none_is_an_api_error(url: str) -> None:
    code = "n = int(input())\nif n == 7: raise ValueError(n)\nwhile n == 8: pass\nprint(n + (n == 9))"
    inputs = [str(n) for n in range(40)]

    grades = await asyncio.to_thread(VerlClient(url).grade, code, inputs, inputs)

    assert (grades[7], grades[8], grades[9]) == (-2, -3, False)
    assert all(grade is True for n, grade in enumerate(grades) if n not in {7, 8, 9})
