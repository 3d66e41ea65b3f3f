"""Without keys, a sandbox on loopback is called by loopback's names."""

import httpx
import pytest

from sandbox_runner.app import create_app
from sandbox_runner.settings import Settings
from tests.unit.sandbox.fake_sandbox import FakeJudge, fake_sandbox

pytestmark = pytest.mark.asyncio
RUN = {"code": "print(4)"}


async def _status(called: str, *, host: str | None, **settings: str) -> int:
    judge = FakeJudge()
    app = create_app(Settings.model_validate(settings), fake_sandbox(judge), host=host)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        keys = {"authorization": "Bearer secret"} if settings else {}
        response = await client.post("/run", json=RUN, headers={"host": called, **keys})
    assert (response.status_code == 200) == bool(judge.programs)
    if response.status_code == 421:
        assert "SANDBOX_API_KEYS" in response.json()["detail"]
    return response.status_code


@pytest.mark.parametrize("called", ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080"])
async def test_loopbacks_names_are_answered(called: str) -> None:
    assert await _status(called, host="127.0.0.1") == 200


@pytest.mark.parametrize("called", ["evil.example", "evil.example:8080", "localhost.evil.example", "[", ""])
async def test_another_name_is_refused(called: str) -> None:
    assert await _status(called, host="127.0.0.1") == 421


@pytest.mark.parametrize("host", ["127.0.0.2", "[::1]", "::1", "LOCALHOST"])
async def test_loopback_is_loopback_however_it_is_written(host: str) -> None:
    assert await _status("evil.example", host=host) == 421
    assert await _status("localhost:8080", host=host) == 200


async def test_a_sandbox_is_called_by_its_own_address_too() -> None:
    assert await _status("127.0.0.2:8080", host="127.0.0.2") == 200


async def test_any_name_will_do_where_keys_are_asked_for_or_the_network_is_listened_to() -> None:
    assert await _status("sandbox:8080", host="127.0.0.1", api_keys="secret") == 200
    assert await _status("sandbox:8080", host="0.0.0.0") == 200
