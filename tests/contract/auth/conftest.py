"""Gateways with keys, with the log kept off the terminal."""

from collections.abc import Generator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _quiet() -> Generator[None, None, None]:
    with structlog.testing.capture_logs():
        yield
