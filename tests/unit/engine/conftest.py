"""One small checkpoint for all tests of the embedded engine."""

from pathlib import Path

import pytest

from tests.engine_checkpoint import write_checkpoint


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint"))
