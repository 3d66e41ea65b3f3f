import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from service.domain.task import Candidate, StdinTest, Task
from training.judging import judge_all


class RecordingSandbox(ThreadingHTTPServer):
    """Accepts every candidate whose time limit is at least two seconds, and remembers what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Judging)
        self.bodies: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Judging(BaseHTTPRequestHandler):
    server: RecordingSandbox

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        outcome = "accepted" if body.get("limits", {"cpu_s": 4})["cpu_s"] >= 2 else "time_limit"
        tests = [{"outcome": outcome} for _ in body["tests"]]
        answer = {"verdict": {"outcome": outcome, "passed": 0, "total": len(tests), "tests": tests}}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


@contextmanager
def recording_sandbox() -> Iterator[RecordingSandbox]:
    with RecordingSandbox() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


TASK = Task("Echo.", tests=(StdinTest("1", "1"),))


def test_every_judging_has_its_own_time_limit() -> None:
    judgings = [(TASK, Candidate("print(input())"))] * 3

    with recording_sandbox() as sandbox:
        verdicts = judge_all(sandbox.url, judgings, "judging", [1.0, None, 2.5])

    assert [verdict.outcome.value for verdict in verdicts] == ["time_limit", "accepted", "accepted"]
    assert sorted(str(body.get("limits")) for body in sandbox.bodies) == [
        "None",
        "{'cpu_s': 1.0}",
        "{'cpu_s': 2.5}",
    ]


def test_equal_judgings_are_sent_once() -> None:
    same, other = Candidate("print(input())"), Candidate("print(1)")

    with recording_sandbox() as sandbox:
        verdicts = judge_all(sandbox.url, [(TASK, same), (TASK, other), (TASK, same)], "judging")

    assert len(verdicts) == 3
    assert sorted(body["code"] for body in sandbox.bodies) == ["print(1)", "print(input())"]
