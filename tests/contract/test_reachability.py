"""Whether an endpoint can be reached is told from its answer, whatever it thinks of the question."""

import pytest
from aiohttp import web
from pydantic import SecretStr

from service.adapters.reachability import EndpointPing
from service.domain.errors import ModelError


async def _ping(status: int) -> list[str]:
    keys: list[str] = []

    async def models(request: web.Request) -> web.Response:
        keys.append(request.headers.get("Authorization", ""))
        return web.Response(status=status)

    app = web.Application()
    app.add_routes([web.get("/v1/models", models)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        await EndpointPing("gpt", [f"http://127.0.0.1:{port}/v1/"], SecretStr("sk-1"))()
    finally:
        await runner.cleanup()
    return keys


@pytest.mark.parametrize("status", [200, 404, 405, 302])
async def test_any_answer_of_a_living_server_will_do(status: int) -> None:
    assert await _ping(status) == ["Bearer sk-1"]


@pytest.mark.parametrize(
    ("status", "says"), [(401, "refuses the key"), (403, "key"), (500, "500"), (503, "503")]
)
async def test_a_refused_key_or_a_failing_server_is_not_ready(status: int, says: str) -> None:
    with pytest.raises(ModelError, match=says) as refused:
        await _ping(status)

    assert "sk-1" not in str(refused.value)
