"""SandboxFusion's contract against the real sandbox: what is asked, and what clients rely on."""

import base64
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from sandbox_runner.boxes import languages
from tests.contract.sandbox_server import real_sandbox_server

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="module")]

OK = ("Success", "Finished", 0)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client() -> AsyncGenerator[httpx.AsyncClient, None]:
    async with real_sandbox_server() as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
        yield client


async def _run(client: httpx.AsyncClient, code: str, **change: Any) -> dict[str, Any]:
    response = await client.post("/run_code", json={"code": code, "language": "python"} | change)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


GOLDEN: list[tuple[str, dict[str, Any], tuple[str, str, int | None], str]] = [
    ("print('hello')", {}, OK, "hello\n"),
    ("print(input()[::-1])", {"stdin": "abc\n"}, OK, "cba\n"),
    ("import sys\nprint(repr(sys.stdin.read()))", {"stdin": None}, OK, "''\n"),
    ("print('ünïcödé ☃')", {}, OK, "ünïcödé ☃\n"),
    ("import sys\nsys.exit(0)", {}, OK, ""),
    ("import sys\nprint(1)\nsys.exit(3)", {}, ("Failed", "Finished", 3), "1\n"),
    ("assert 1 == 2", {}, ("Failed", "Finished", 1), ""),
    ("import os\nos.kill(os.getpid(), 9)", {}, ("Failed", "Finished", -9), ""),
    ("import os\nos.kill(os.getpid(), 11)", {}, ("Failed", "Finished", -11), ""),
    (
        "import time\nprint('partial', flush=True)\ntime.sleep(60)",
        {"run_timeout": 0.5},
        ("Failed", "TimeLimitExceeded", None),
        "partial\n",
    ),
    ("while True: pass", {"run_timeout": 0.5}, ("Failed", "TimeLimitExceeded", None), ""),
    ("x = bytearray(1 << 31)", {"memory_limit_MB": 64}, ("Failed", "Finished", 1), ""),
    ("if __name__ == '__main__': print('main')", {}, OK, "main\n"),
]


@pytest.mark.parametrize(("code", "change", "expected", "stdout"), GOLDEN)
async def test_a_run_is_answered_as_the_contract_says(
    client: httpx.AsyncClient,
    code: str,
    change: dict[str, Any],
    expected: tuple[str, str, int | None],
    *,
    stdout: str,
) -> None:
    body = await _run(client, code, **change)

    run = body["run_result"]
    assert (body["status"], run["status"], run["return_code"]) == expected
    assert (run["stdout"], body["message"], body["compile_result"]) == (stdout, "", None)
    assert body["x"]["integrity"] == "weak"


@pytest.mark.parametrize(
    ("code", "begins", "ends"),
    [
        (
            "def f():\n    return [][0]\nf()",
            "Traceback (most recent call last):\n",
            "list index out of range\n",
        ),
        ("assert 1 == 2, 'no'", "Traceback (most recent call last):\n", "AssertionError: no\n"),
        ("def f(:\n    pass", '  File "', "SyntaxError: invalid syntax\n"),
    ],
)
async def test_stderr_is_the_interpreters(
    client: httpx.AsyncClient, code: str, begins: str, ends: str
) -> None:
    stderr = (await _run(client, code))["run_result"]["stderr"]

    assert stderr.startswith(begins)
    assert stderr.endswith(ends)


async def test_two_megabytes_of_output_are_no_timeout(client: httpx.AsyncClient) -> None:
    body = await _run(client, "print('x' * 2_000_000)")

    assert body["status"] == "Success"
    assert len(body["run_result"]["stdout"]) == 2_000_001
    assert body["x"]["truncated"] is False


async def test_output_beyond_the_limit_says_that_it_is_cut(client: httpx.AsyncClient) -> None:
    body = await _run(client, "while True: print('x' * 1000)")

    assert body["status"] == "Failed"
    assert body["run_result"]["stdout"].startswith("xxx")
    assert (body["x"]["verdict"], body["x"]["truncated"]) == ("output_limit", True)


async def test_output_that_is_no_text_has_replacement_characters(client: httpx.AsyncClient) -> None:
    body = await _run(client, "import sys\nsys.stdout.buffer.write(b'a\\xffb')")

    assert body["run_result"]["stdout"] == "a\ufffdb"


async def test_a_language_that_is_not_there_is_an_error_in_band(client: httpx.AsyncClient) -> None:
    body = await _run(client, "x", language="lean")

    assert (body["status"], body["message"]) == ("SandboxError", "language lean not installed")


async def test_files_go_in_and_come_out(client: httpx.AsyncClient) -> None:
    code = (
        "import os\nos.makedirs('o', exist_ok=True)\nopen('o/t', 'w').write(open('/tmp/d/in.txt').read() * 2)"
    )
    files = {"d/in.txt": base64.b64encode(b"ab").decode(), "skipped": None}

    body = await _run(client, code, files=files, fetch_files=["o/t", "/tmp/d/in.txt", "absent"])

    assert body["status"] == "Success"
    fetched = {name: base64.b64decode(content) for name, content in body["files"].items()}
    assert fetched == {"o/t": b"abab", "/tmp/d/in.txt": b"ab"}


@pytest.mark.parametrize(
    ("language", "name", "content", "code"),
    [
        (
            "cpp",
            "d/own.h",
            "#define OWN 7",
            '#include <cstdio>\n#include "d/own.h"\nint main() { printf("%d", OWN); }',
        ),
        ("nodejs", "own.js", "module.exports = 7;", "process.stdout.write(String(require('./own')));"),
    ],
)
async def test_files_lie_beside_the_source_of_other_languages(
    client: httpx.AsyncClient, language: str, name: str, content: str, code: str
) -> None:
    if language not in languages.installed():
        pytest.skip(f"NO TOOLCHAIN: {language} is not tested")
    files = {name: base64.b64encode(content.encode()).decode(), "main.cpp": "", "main.js/x": ""}

    body = await _run(client, code, language=language, files=files)

    assert (body["status"], body["run_result"]["stdout"]) == ("Success", "7"), body


async def test_output_that_is_no_text_is_also_there_as_bytes(client: httpx.AsyncClient) -> None:
    body = await _run(client, "import sys\nsys.stdout.buffer.write(b'a\\xffb')")

    assert base64.b64decode(body["x"]["stdout_b64"]) == b"a\xffb"


STDIO = [{"input": {"stdin": f"{n}\n"}, "output": {"stdout": f"{n + 1}\n"}} for n in range(5)]
RIGHT = "```python\nprint(int(input()) + 1)\n```"
WRONG_AT_2 = "```python\nn = int(input())\nprint(n + 1 if n != 2 else 0)\n```"


async def _submit(client: httpx.AsyncClient, completion: str, test: object, **config: Any) -> dict[str, Any]:
    config = {
        "language": "python",
        "dataset_type": "CommonOJDataset",
        "provided_data": {"test": test},
    } | config
    asked = {"dataset": "code_contests_x", "id": 3, "completion": completion, "config": config}
    response = await client.post("/submit", json=asked)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


@pytest.mark.parametrize(
    ("completion", "run_all", "passed"),
    [
        (RIGHT, False, [True] * 5),
        (RIGHT, True, [True] * 5),
        (WRONG_AT_2, False, [True, True, False]),
        (WRONG_AT_2, True, [True, True, False, True, True]),
        ("I do not know.", True, [False] * 5),
        ("```python\nwhile True: pass\n```", False, [False]),
    ],
)
async def test_a_submission_is_judged_test_by_test(
    client: httpx.AsyncClient, completion: str, run_all: bool, passed: list[bool]
) -> None:
    body = await _submit(client, completion, STDIO, extra={"run_all_cases": run_all}, run_timeout=1)

    assert [test["passed"] for test in body["tests"]] == passed
    assert body["accepted"] is all(passed)
    assert body["x"]["integrity"] == "strong"


@pytest.mark.parametrize(
    ("printed", "expected", "accepted"),
    [
        ("998244354", "998244353", False),
        ("yes", "YES", False),
        ("1_0", "10", False),
        ("1", "1\n2\n3", False),
        ("", "\nhello", False),
        ("nan", "nan", True),
        ("1  ", "1", True),
        ("1\n\n", "1", True),
    ],
)
async def test_wrong_answers_that_the_reference_accepts_are_refused(
    client: httpx.AsyncClient, printed: str, expected: str, accepted: bool
) -> None:
    test = [{"input": {"stdin": ""}, "output": {"stdout": expected}}]

    body = await _submit(client, f"```python\nprint({printed!r})\n```", test)

    assert body["accepted"] is accepted


LCB = {"inputs": ["[1, 2]\n3", "[]\n4"], "outputs": ["[1, 2, 3]", "[4]"], "fn_name": "append"}
LCB_SOLUTION = (
    "class Solution:\n    def append(self, xs: List[int], x: int) -> List[int]:\n        return xs + [x]"
)


@pytest.mark.parametrize(
    ("solution", "accepted"),
    [
        (LCB_SOLUTION, True),
        ("def append(xs, x):\n    return (*xs, x)", True),
        ("def append(xs, x):\n    return xs", False),
        ("def append(xs, x):\n    raise SystemExit(0)", False),
        ("import os\nos._exit(0)", False),
        ("class A:\n    def __eq__(self, other): return True\ndef append(xs, x):\n    return A()", False),
    ],
)
async def test_live_code_bench_is_judged_outside_the_program(
    client: httpx.AsyncClient, solution: str, accepted: bool
) -> None:
    test = {"input_output": json.dumps(LCB)}

    body = await _submit(client, f"```python\n{solution}\n```", test, dataset_type="LiveCodeBenchDataset")

    assert (body["accepted"], len(body["tests"])) == (accepted, 1)


CODE = "total = sum(f(n) for n in range(3))\nassert total == 6"


@pytest.mark.parametrize("tests", [["assert f(1) == 2"], [CODE]], ids=["calls", "code"])
@pytest.mark.parametrize(
    ("solution", "accepted"),
    [
        ("def f(n): return n + 1", True),
        ("def f(n): return n", False),
        ("import sys\nsys.exit(0)", False),
        ("import os\nos._exit(0)", False),
        ("def f(n): raise SystemExit(0)", False),
        ("import atexit, os\natexit.register(os._exit, 0)\ndef f(n): return 0", False),
        ("import sys, os\nsys.excepthook = lambda *_: os._exit(0)\ndef f(n): return 0", False),
        ('def f(n): return 0\n"""', False),
    ],
)
async def test_asserts_are_not_passed_by_leaving_early(
    client: httpx.AsyncClient, solution: str, accepted: bool, tests: list[str]
) -> None:
    body = await _submit(client, f"```python\n{solution}\n```", tests, dataset_type="MBPPDataset")

    assert body["accepted"] is accepted
    assert body["x"]["integrity"] == "strong"
