"""The gateway as a process of its own, in front of a mock endpoint."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.processes import Service, module

_CONFIG = """
[server]
max_inflight = 4000

[models.writer]
engine = "openai"
base_url = "{url}/v1"
model = "writer"
role = "generator"

[models.critic]
engine = "openai"
base_url = "{url}/v1"
model = "critic"
role = "critic"

[defaults]
generator = "writer"
critic = "critic"
"""


@asynccontextmanager
async def opened(upstream: Service, folder: Path, more: str = "") -> AsyncIterator[Service]:
    """Start it with its configuration in `folder`; `more` is TOML that follows ours."""
    config = folder / "ctrl.toml"
    config.write_text(_CONFIG.format(url=upstream.url) + more)
    async with module("ours", "service.cli", "serve", "--config", str(config), ready="/health") as gateway:
        yield gateway
