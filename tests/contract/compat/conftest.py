"""Reward contracts are tested through sockets, from the client's side."""

from collections.abc import Generator

import pytest
import structlog


@pytest.fixture(autouse=True)
def quiet() -> Generator[None, None, None]:
    """Keep the gateway's log out of the report."""
    with structlog.testing.capture_logs():
        yield
