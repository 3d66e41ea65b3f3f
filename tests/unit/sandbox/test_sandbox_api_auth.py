"""Keys: asked for where they are configured, and never told."""

import re

import httpx
import pytest
from structlog.testing import capture_logs

from sandbox_runner.settings import SettingError, Settings
from tests.unit.sandbox.api_client import CALL, api_client
from tests.unit.sandbox.fake_sandbox import FakeJudge

KEYS = "alice:one, two"


def _client() -> httpx.AsyncClient:
    return api_client(FakeJudge(), api_keys=KEYS)


@pytest.mark.parametrize("key", ["one", "two"])
async def test_a_known_key_opens(key: str) -> None:
    async with _client() as client:
        response = await client.post("/judge", json=CALL, headers={"Authorization": f"Bearer {key}"})

    assert response.status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer three", "Basic one", "Digest one", "alice:one", "one"]
)
async def test_any_other_key_is_401_with_the_scheme(header: str) -> None:
    async with _client() as client:
        response = await client.post("/judge", json=CALL, headers={"Authorization": header})

    assert (response.status_code, response.json()["type"]) == (401, "/problems/unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "path", ["/judge", "/judge/batch", "/run", "/run_code", "/submit", "/languages", "/openapi.json"]
)
async def test_every_route_but_the_probes_asks_for_a_key(path: str) -> None:
    async with _client() as client:
        assert (await client.post(path, json=CALL)).status_code == 401


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/v1/ping"])
async def test_the_probes_are_open(path: str) -> None:
    async with _client() as client:
        assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize(("key", "tenant"), [("one", "alice"), ("two", r"key-[0-9a-f]{8}")])
async def test_a_tenant_without_a_name_is_not_called_by_its_key(key: str, tenant: str) -> None:
    with capture_logs() as logged:
        async with _client() as client:
            await client.post("/judge", json=CALL, headers={"Authorization": f"Bearer {key}"})

    (judged,) = [each for each in logged if each["event"] == "request_judged"]
    assert re.fullmatch(tenant, judged["tenant"])


async def test_without_keys_nobody_is_asked() -> None:
    async with api_client(FakeJudge()) as client:
        assert (await client.post("/judge", json=CALL)).status_code == 200


def test_keys_are_read_from_the_environment_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_API_KEYS", KEYS)

    settings = Settings.from_environment()

    assert [key.get_secret_value() for key in settings.api_keys] == ["alice:one", "two"]
    assert not any(secret in repr(settings) for secret in ("alice", "'one'", "two"))


@pytest.mark.parametrize("keys", ["alice:", ":secret"])
def test_an_empty_key_is_refused_without_quoting_the_others(
    monkeypatch: pytest.MonkeyPatch, keys: str
) -> None:
    monkeypatch.setenv("SANDBOX_API_KEYS", f"bob:hidden,{keys}")

    with pytest.raises(SettingError, match=r"SANDBOX_API_KEYS: .*empty") as refused:
        Settings.from_environment()

    assert "hidden" not in str(refused.value)


def test_variables_of_sandbox_fusions_client_are_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_FUSION_ENDPOINT", "http://localhost:8080")

    Settings.from_environment()
