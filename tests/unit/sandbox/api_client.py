"""The real app around a fake judge, as an HTTP client and as bare ASGI."""

import asyncio
import base64
import json
from typing import Any

import httpx

from sandbox_runner.app import create_app
from sandbox_runner.domain.verdict import Tier
from sandbox_runner.settings import Settings
from tests.unit.sandbox.fake_sandbox import FakeJudge, fake_sandbox

CODE = "def f(n):\n    return n + 1\n"
CALL: dict[str, Any] = {"code": CODE, "entry_point": "f", "tests": [{"args": [3], "expected": 4}]}
FENCED = "Here:\n```python\nprint(int(input()) + 1)\n```\nDone."
NDJSON = {"accept": "application/x-ndjson"}


def api_client(judge: FakeJudge, tier: Tier = Tier.T3, **settings: Any) -> httpx.AsyncClient:
    app = create_app(Settings(**settings), fake_sandbox(judge, tier))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://sandbox")


def lines_of(response: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.text.splitlines()]


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def fusion_submit(test: object, dataset_type: str = "CommonOJDataset", **config: Any) -> dict[str, Any]:
    """A submission to SandboxFusion's `/submit` of a program that adds one to its input."""
    config = {"language": "python", "provided_data": {"test": test}, "dataset_type": dataset_type} | config
    return {"dataset": "mine", "id": 7, "completion": FENCED, "config": config}


class BareClient:
    """Speaks ASGI itself, so that it can leave, or stop reading, in the middle."""

    def __init__(self, path: str, body: object, **headers: str) -> None:
        self.sent: list[Any] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._inbox.put_nowait({"type": "http.request", "body": json.dumps(body).encode()})
        sent_headers = {"content-type": "application/json"} | headers
        self.scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in sent_headers.items()],
        }

    def forget_the_body(self) -> None:
        self._inbox.get_nowait()

    def leave(self) -> None:
        self._inbox.put_nowait({"type": "http.disconnect"})

    async def call(self, judge: FakeJudge, **settings: Any) -> None:
        app = create_app(Settings(**settings), fake_sandbox(judge))
        await app(self.scope, self._inbox.get, self._send)

    async def _send(self, message: Any) -> None:
        await self.reads.wait()
        self.sent.append(message)
