"""The log of a real `ctrl serve`, through a refinement, a failure and a crash: ids in, secrets out."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes import CORRECT, INCORRECT
from tests.gateway_process import gateway_process
from tests.openai_server import ChatServer, chat_server, event, refusal, streamed, whole
from tests.process import Process

KEY, PROBLEM = "sk-SECRET-KEY", "Add one to SECRET-PROBLEM."
DRAFT, REVISION, CRASHES = (f"```python\nSECRET_{name} = 1\n```" for name in ("DRAFT", "REVISION", "CRASH"))
SECRETS = ("SECRET", "odd numbers", "does what is asked")

SERVER_WITH_A_BUG = """
import sys
from service.domain import reading

read = reading.extract_code

def extract_code(text):
    if "SECRET_CRASH" in text:
        raise KeyError(text)
    return read(text)

reading.extract_code = extract_code
from service.cli import main
main()
"""

CONFIG = """
[models.m]
engine = "openai"
model = "m"
base_url = "{url}"
api_key_env = "SECRET_TEST_KEY"
[defaults]
generator = "m"
critic = "m"
[sandbox]
url = "http://127.0.0.1:9"
"""


@asynccontextmanager
async def _gateway(directory: Path, server: ChatServer) -> AsyncGenerator[Process, None]:
    config = directory / "gateway.toml"
    config.write_text(CONFIG.format(url=server.base_url), encoding="utf-8")
    gateway = gateway_process(config, program=("-c", SERVER_WITH_A_BUG))
    try:
        await gateway.start()
        yield gateway
    finally:
        if gateway.lives:
            gateway.terminate()
            await gateway.ended()


async def _refined(gateway: Process, **fields: Any) -> httpx.Response:
    async with httpx.AsyncClient(base_url=gateway.url, timeout=60) as client:
        return await client.post("/refine", json={"problem": PROBLEM, **fields})


async def test_the_log_names_every_request_and_refinement_and_quotes_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TEST_KEY", KEY)
    async with chat_server() as server, _gateway(tmp_path, server) as gateway:
        server.answer(whole(DRAFT), whole(INCORRECT), whole(REVISION), whole(CORRECT))
        server.answer(refusal(400, f"cannot read {PROBLEM} with {KEY}"))
        server.answer(whole(CRASHES), streamed(event(CRASHES), event(finish="stop"), "data: [DONE]\n\n"))
        refined = await _refined(gateway)
        failed = await _refined(gateway)
        crashed = await _refined(gateway)
        told = await _refined(gateway, stream=True)
        log = gateway.log

    assert [answer.status_code for answer in (refined, failed, crashed, told)] == [200, 502, 500, 200]
    assert "SECRET-PROBLEM" in failed.text, "the client is told what the endpoint said"
    assert "refinement.failed" in told.text
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {KEY}"}

    text = log.read_text(encoding="utf-8")
    entries = [json.loads(line) for line in text.splitlines()]
    by_request = [
        [entry for entry in entries if entry.get("request_id") == answer.headers["x-request-id"]]
        for answer in (refined, failed, crashed, told)
    ]
    assert not [secret for secret in SECRETS if secret in text]
    assert [(entry["round"], entry["judgment"]) for entry in by_request[0] if "round" in entry] == [
        (0, "incorrect"),
        (1, "correct"),
    ]
    for lines in by_request:
        about = [entry for entry in lines if entry["event"] not in {"request_finished", "request_failed"}]
        assert {entry["event"] for entry in about} >= {"refine_finished"}
        assert len({entry.get("refinement") for entry in about if entry["event"] != "request_crashed"}) == 1
    assert [entry["error"] for entry in by_request[1] if entry["event"] == "request_failed"] == [
        "model 'm' (openai endpoint): refused with status 400: …"
    ]
    crashes = [entry["exception"] for lines in by_request for entry in lines if "exception" in entry]
    assert [crash.splitlines()[0] for crash in crashes] == ["KeyError", "KeyError"]
