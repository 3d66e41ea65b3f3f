"""A sandbox that runs nothing, over real HTTP."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class RecordingSandbox(ThreadingHTTPServer):
    """Accepts every candidate whose time limit is at least two seconds, and remembers what it was sent.

    `status` and `outcome` can be set to answer otherwise; `unfit` is the stdin of a test that it refuses,
    and of `together` no judging is answered before as many have come.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Judging)
        self.bodies: list[dict[str, Any]] = []
        self.status = 200
        self.outcome: str | None = None
        self.unfit: str | None = None
        self.together = threading.Barrier(1)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Judging(BaseHTTPRequestHandler):
    server: RecordingSandbox

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        self.server.together.wait(timeout=60)
        status = self.server.status
        by_limit = "accepted" if body.get("limits", {"cpu_s": 4})["cpu_s"] >= 2 else "time_limit"
        outcome = self.server.outcome or by_limit
        tests = [{"outcome": outcome} for _ in body["tests"]]
        passed = len(tests) if outcome == "accepted" else 0
        verdict = {"outcome": outcome, "passed": passed, "total": len(tests), "tests": tests}
        answer: dict[str, Any] = {"verdict": verdict}
        if self.server.unfit in [test.get("stdin", "") for test in body["tests"]]:
            status, answer = 422, {"errors": [{"field": "tests.0", "message": "it never asks the program"}]}
        self.send_response(status)
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
