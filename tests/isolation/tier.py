"""Print the tier that this user of this machine gets: `python -m tests.isolation.tier`."""

import asyncio
import sys

import structlog

from sandbox_runner.sandbox import open_sandbox
from sandbox_runner.settings import Settings


async def _tier() -> str:
    async with open_sandbox(Settings.from_environment()) as sandbox:
        return f"{sandbox.readiness.tier} {sandbox.readiness.walls}"


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    print(asyncio.run(_tier()))  # noqa: T201
