"""What a client asks of the stack, and what a program inside a container asks of its neighbours."""

import json
from typing import Any

import httpx

from tests.docker.composing import ROOT, Container, Project, until

Json = dict[str, Any]
_ASK = """
import json, sys, urllib.request
answers = []
for body in json.load(sys.stdin):
    request = urllib.request.Request(
        "http://127.0.0.1:8080/judge", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    answers.append(json.load(urllib.request.urlopen(request, timeout=60)))
print(json.dumps(answers))
"""


def a_task() -> Json:
    """Return a problem of the mini world."""
    with (ROOT / "weights/mini/demo.jsonl").open(encoding="utf-8") as lines:
        row = json.loads(next(lines))
    return {"problem": row["problem"], "tests": row["tests"], "reference": row["reference"]}


def ask(
    gateway: Container, method: str, path: str, body: Json | None = None, key: str = ""
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.request(method, gateway.address() + path, json=body, headers=headers, timeout=120)


def refine(gateway: Container, **fields: object) -> Json:
    task = a_task()
    asked = {"problem": task["problem"], "tests": task["tests"], **fields}
    answer = ask(gateway, "POST", "/refine", asked)
    assert answer.status_code in (200, 202), answer.text
    return dict(answer.json())


def mends(gateway: Container) -> bool:
    """Whether a refinement ends at a program that passes; the mini models do not solve every draw."""
    draws = (refine(gateway, sampling={"seed": seed}) for seed in range(1, 9))
    return any(each["tests_passed"] is True for each in draws)


def judge(gateway: Container, *solutions: str, mode: str = "hybrid") -> list[Json]:
    task = a_task()
    asked = {"problem": task["problem"], "tests": task["tests"], "solutions": solutions, "mode": mode}
    answer = ask(gateway, "POST", "/judge", asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


def works(project: Project) -> bool:
    """Whether every gateway is ready and refines a problem to a program that passes its tests."""
    try:
        return all(
            ask(gateway, "GET", "/ready").json()["status"] == "ready" and refine(gateway)["tests_passed"]
            for gateway in project.containers("gateway")
        )
    except (httpx.HTTPError, AssertionError, KeyError):
        return False


def await_work(project: Project) -> None:
    until(lambda: works(project), "the stack works")


def in_the_sandbox(sandbox: Container, bodies: list[Json]) -> list[Json]:
    """Let the sandbox judge, asked from inside: nobody else reaches it."""
    answers = sandbox.run("python3", "-c", _ASK, given=json.dumps(bodies), timeout_s=240)
    return list(json.loads(answers))
