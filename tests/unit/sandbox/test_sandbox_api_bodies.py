"""Bodies: hostile ones, sizes, media types, and how they are documented."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.unit.sandbox.api_client import CALL, BareClient, api_client
from tests.unit.sandbox.fake_sandbox import FakeJudge

JSON = {"content-type": "application/json"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(FakeJudge()) as client:
        yield client


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"[" * 1_000_000,
        b'{"code": "x", "tests": [{"stdout": "x"}], "limits": {"cpu_s": NaN}}',
        b'{"code": "x", "tests": [{"stdout": "x"}], "limits": {"cpu_s": Infinity}}',
        b'{"code": "x", "entry_point": "f", "tests": [{"expected": ' + b"9" * 10_000 + b"}]}",
    ],
)
async def test_a_hostile_body_is_the_clients_error(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/judge", content=body, headers=JSON)

    assert response.status_code in {400, 422}
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("over", "status"), [(0, 200), (1, 413)])
async def test_a_body_of_the_allowed_length_is_read(over: int, status: int) -> None:
    async with api_client(FakeJudge(), body_bytes=len(json.dumps(CALL)) - over) as client:
        declared = await client.post(
            "/judge", content=json.dumps(CALL), headers=JSON | {"x-deadline-s": "9999"}
        )
        undeclared = await client.post("/judge", content=_pieces(json.dumps(CALL)), headers=JSON)

    assert (declared.status_code, undeclared.status_code) == (status, status)


async def _pieces(text: str) -> AsyncIterator[bytes]:
    for character in text:
        yield character.encode()


async def test_a_declared_body_that_is_too_large_is_not_read() -> None:
    client = BareClient("/judge", None, **{"content-length": "101"})
    client.forget_the_body()

    async with asyncio.timeout(5):
        await client.call(FakeJudge(), body_bytes=100)

    assert client.sent[0]["status"] == 413
    assert json.loads(client.sent[1]["body"])["type"] == "/problems/body-too-large"


async def test_an_undeclared_body_that_is_too_large_is_not_buffered() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 1_000

    async with api_client(FakeJudge(), body_bytes=10_000) as client:
        response = await client.post("/judge", content=endless(), headers=JSON)

    assert response.status_code == 413
    assert response.json()["type"] == "/problems/body-too-large"


async def test_text_that_is_no_unicode_still_becomes_json(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/judge",
        content=json.dumps(CALL | {"code": "'\ud800'"}),
        headers=JSON,
    )

    assert response.status_code in {200, 422}


_NOT_JSON = [
    "text/plain",
    "text/plain; x=application/json",
    "text/plain, application/json",
    "multipart/form-data; boundary=json",
    "application/x-www-form-urlencoded",
    "",
]


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/problem+JSON"])
async def test_a_body_that_says_that_it_is_json_is_read(client: httpx.AsyncClient, content_type: str) -> None:
    response = await client.post("/judge", content=json.dumps(CALL), headers={"content-type": content_type})

    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/judge", "/judge/batch", "/run", "/run_code", "/submit"])
@pytest.mark.parametrize("content_type", _NOT_JSON)
async def test_a_body_that_does_not_say_that_it_is_json_is_415(
    client: httpx.AsyncClient, path: str, content_type: str
) -> None:
    headers = {"content-type": content_type} if content_type else {}

    response = await client.post(path, content=json.dumps(CALL), headers=headers)

    assert response.status_code == 415


async def test_the_contract_shows_every_body_without_loose_ends(
    client: httpx.AsyncClient,
) -> None:
    page = await client.get("/openapi.json")

    posts = {path: each["post"] for path, each in page.json()["paths"].items() if "post" in each}
    shown = {
        path: post["requestBody"]["content"]["application/json"]["schema"] for path, post in posts.items()
    }
    assert {"/judge", "/judge/batch", "/run", "/run_code", "/submit"} <= shown.keys()
    assert "tests" in shown["/judge/batch"]["properties"]["submissions"]["items"]["properties"]
    assert "$defs" not in page.text


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_no_page_of_ours_loads_scripts_from_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path)

    assert (page.status_code, page.headers["content-type"]) == (404, "application/problem+json")
