"""The API's tests hear the log, and see that it never says too much."""

from collections.abc import Generator, MutableMapping
from typing import Any

import pytest
import structlog


@pytest.fixture(autouse=True)
def log() -> Generator[list[MutableMapping[str, Any]], None, None]:
    """Collect log entries instead of printing them."""
    with structlog.testing.capture_logs() as entries:
        yield entries
