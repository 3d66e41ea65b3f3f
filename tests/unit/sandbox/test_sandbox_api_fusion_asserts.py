"""SandboxFusion's `/submit` with tests that are Python: calls, else two jails, else a labelled weak run."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from sandbox_runner.domain.cases import CallCase, CodeCase
from sandbox_runner.domain.comparison import Equality
from sandbox_runner.domain.verdict import Outcome, TestResult
from tests.unit.sandbox.api_client import api_client, base64_of
from tests.unit.sandbox.fake_sandbox import FakeJudge


@pytest.fixture
def judge() -> FakeJudge:
    return FakeJudge()


@pytest.fixture
async def client(judge: FakeJudge) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(judge) as client:
        yield client


HUMAN_EVAL = {
    "task_id": "HumanEval/0",
    "prompt": 'def inc(n):\n    """Add one."""\n',
    "entry_point": "inc",
    "test": "METADATA = {}\n\n"
    "def check(candidate):\n    assert candidate(1) == 2\n    assert candidate(2) == 3\n",
}


async def _ask(judge: FakeJudge, dataset: str, completion: str, data: object) -> dict[str, Any]:
    body = {"dataset": dataset, "id": 1, "completion": completion, "config": {"provided_data": data}}
    async with api_client(judge) as client:
        response = await client.post("/submit", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


@pytest.mark.parametrize(
    "completion",
    [
        "    return n + 1\n\nprint('chatter')\n",
        "def inc(n):\n    return n + 1\n",
        "    def increased(m):\n        return m + 1\n    return increased(n)\n",
        "```\n    def increased(m):\n        return m + 1\n    return increased(n)\n```",
        "```python\ndef inc(n):\n    return n + 1\n```",
        "```\n    return n + 1\n```",
    ],
)
async def test_asserts_of_human_eval_become_calls_of_the_function(judge: FakeJudge, completion: str) -> None:
    body = await _ask(judge, "humaneval_python", completion, HUMAN_EVAL)

    assert judge.submissions[0].cases == (
        CallCase("inc", (1,), {}, 2, Equality.PYTHON),
        CallCase("inc", (2,), {}, 3, Equality.PYTHON),
    )
    namespace: dict[str, Any] = {}
    exec(judge.submissions[0].code, namespace)  # noqa: S102 - a fixture of ours
    assert namespace["inc"](1) == 2
    assert body["x"]["integrity"] == "strong"
    assert body["full_code"].endswith("check(inc)")


async def test_the_assert_that_failed_is_told_of(judge: FakeJudge) -> None:
    judge.following = (TestResult(Outcome.WRONG_ANSWER, message="returned 4"),)

    body = await _ask(judge, "humaneval_python", "    return n + 1\n", HUMAN_EVAL)

    assert (body["accepted"], body["x"]["passed"], len(body["tests"])) == (False, 1, 1)
    (test,) = body["tests"]
    told = test["exec_info"]["x"]
    assert (test["passed"], told["message"], told["passed"], told["total"]) == (False, "returned 4", 1, 2)


_DECODING = {
    "prompt": 'import string\ndef encode(s):\n    return s[::-1]\n\ndef decode(s):\n    """Undo it."""\n',
    "entry_point": "decode",
    "test": "def check(candidate):\n    for s in ('ab', 'cd'):\n        assert candidate(encode(s)) == s\n",
}


async def test_a_function_of_the_prompt_is_the_tests_own_whatever_the_completion_makes_of_it(
    judge: FakeJudge,
) -> None:
    cheat = "def encode(s): return s\ndef decode(s): return s\n"

    await _ask(judge, "humaneval_python", f"```python\n{cheat}```", _DECODING)

    (case,) = judge.submissions[0].cases
    assert isinstance(case, CodeCase)
    namespace: dict[str, Any] = {}
    exec(f"{cheat}{case.source.rpartition('check')[0]}", namespace)  # noqa: S102 - a fixture of ours
    assert namespace["encode"]("ab") == "ba"
    assert namespace["string"].digits
    with pytest.raises(AssertionError):
        namespace["check"](namespace["decode"])


_CLOSE = {
    "prompt": 'from math import isclose\n\ndef half(x):\n    """Halve it."""\n',
    "entry_point": "half",
    "test": "def check(candidate):\n    for x in (1, 3):\n        assert isclose(candidate(x), x / 2)\n",
}


async def test_what_the_prompt_imports_is_the_tests_own_too(judge: FakeJudge) -> None:
    cheat = "def isclose(a, b): return True\ndef half(x): return 0\n"

    await _ask(judge, "humaneval_python", f"```python\n{cheat}```", _CLOSE)

    (case,) = judge.submissions[0].cases
    assert isinstance(case, CodeCase)
    assert case.source.startswith("from math import isclose\n")


async def test_asserts_of_mbpp_become_calls(judge: FakeJudge) -> None:
    data = {"id": 1, "content": "…", "labels": "{}", "test": json.dumps(["assert f(1) == 2, 'no'"])}

    body = await _ask(judge, "mbpp", "```python\ndef f(n): return n + 1\n```", data)

    assert judge.submissions[0].cases == (CallCase("f", (1,), {}, 2, Equality.PYTHON),)
    assert body["accepted"]


TRICKY = {"id": 1, "test_list": ["for n in range(3): assert f(n) == n + 1"]}


@pytest.mark.parametrize(
    ("stdout", "accepted"),
    [("chatter\n{nonce}\n", True), ("", False), ("{nonce}\nmore", False), ("passed", False)],
)
async def test_tests_that_no_jail_can_judge_run_behind_the_program_and_must_reach_the_end(
    stdout: str, accepted: bool
) -> None:
    judge = _EchoingJudge(stdout)

    body = await _ask(judge, "mbpp", "```python\ndef f(n): return n + 1\n```", TRICKY)

    assert body["accepted"] is accepted
    assert body["x"]["integrity"] == "weak"
    assert body["tests"][0]["exec_info"]["x"]["integrity"] == "weak"
    assert "nonce" not in body["full_code"]
    if accepted:
        assert body["tests"][0]["exec_info"]["run_result"]["stdout"] == "chatter\n"


async def test_tests_behind_the_program_that_fail_say_how() -> None:
    judge = _EchoingJudge("", Outcome.RUNTIME_ERROR)

    body = await _ask(judge, "mbpp", "```python\ndef f(n): return n + 1\n```", TRICKY)

    assert (body["accepted"], body["x"]["verdict"]) == (False, "runtime_error")


async def test_auto_eval_inserts_the_program_where_its_test_says(judge: FakeJudge) -> None:
    data = {
        "labels": {"programming_language": "python"},
        "test": {"code": "import math\n#<INSERT>\nassert f(1) == 2", "asset": {"a.txt": base64_of(b"x")}},
    }
    body = {"dataset": "d", "id": 1, "completion": "```python\ndef f(n): return n + 1\n```"}
    config = {"dataset_type": "AutoEvalDataset", "provided_data": data}
    async with api_client(judge) as client:
        response = await client.post("/submit", json=body | {"config": config})

    assert response.status_code == 200
    assert judge.programs[0].code.startswith("import math\ndef f(n): return n + 1\n\nassert f(1) == 2\n")
    assert judge.programs[0].files == {"a.txt": b"x"}


class _EchoingJudge(FakeJudge):
    """Prints what it is told to, with the nonce that the program would have printed."""

    def __init__(self, stdout: str, outcome: Outcome = Outcome.ACCEPTED) -> None:
        super().__init__(TestResult(Outcome.INVALID_TEST))
        self._stdout = stdout
        self._outcome = outcome

    async def run(self, program: Any) -> TestResult:
        nonce = program.code.rpartition("print('")[2].partition("'")[0]
        return TestResult(self._outcome, self._stdout.format(nonce=nonce), exit_code=0)


@pytest.mark.parametrize(
    "tests",
    [
        "def check(candidate):\n    for n in range(3):\n        assert candidate(n) == n + 1\n",
        "import os\n\ndef check(candidate):\n    assert candidate(1) == 2\n",
        "def check(candidate, other):\n    assert candidate(1) == 2\n",
        "def check(candidate):\n    assert candidate(1) == 2\n\ndef helper():\n    pass\n",
        "def check(candidate):\n    assert candidate(1) == candidate(2)\n",
        "def check(candidate:\n",
        "assert inc(1) == 2  # " + "x" * 300_000,
    ],
)
async def test_tests_that_are_more_than_asserts_of_literals_run_in_a_jail_of_their_own(
    judge: FakeJudge, tests: str
) -> None:
    body = await _ask(judge, "humaneval_python", "    return n + 1\n", HUMAN_EVAL | {"test": tests})

    assert [type(case) for case in judge.submissions[0].cases] == [CodeCase]
    assert (body["x"]["integrity"], judge.programs) == ("strong", [])


@pytest.mark.parametrize(
    ("dataset_type", "data", "says"),
    [
        ("MBPPDataset", {"test": "[3]"}, "a list of asserts"),
        ("MBPPDataset", {}, "provided_data.test_list is missing"),
        ("MBPPDataset", {"test": []}, "no tests"),
        ("MBPPDataset", {"test": ["", "  # assert f()"]}, "no tests"),
        ("HumanEvalDataset", {"test": "", "entry_point": "f", "prompt": ""}, "no tests"),
        ("AutoEvalDataset", {"test": {"code": "\n"}}, "no tests"),
        ("AutoEvalDataset", {"test": "[]"}, "an object with `code`"),
        ("AutoEvalDataset", {"test": {}, "labels": {"programming_language": "java"}}, "java not installed"),
        ("AutoEvalDataset", {"test": {"code": "", "asset": {"../x": ""}}}, "not a path below"),
        ("HumanEvalDataset", {"language": "cpp", "tests": ""}, "cpp not installed"),
        ("HumanEvalDataset", {"language": ["python"], "tests": ""}, "not installed"),
    ],
)
async def test_data_that_cannot_be_read_is_400(
    judge: FakeJudge, dataset_type: str, data: dict[str, object], says: str
) -> None:
    config = {"dataset_type": dataset_type, "provided_data": data}
    async with api_client(judge) as client:
        response = await client.post(
            "/submit", json={"dataset": "d", "id": 1, "completion": "x", "config": config}
        )

    assert (response.status_code, says in response.json()["detail"]) == (400, True)
