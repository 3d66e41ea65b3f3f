"""`docs/sandbox-api.md` names every field of the sandbox's own routes, and every value of a closed set."""

from pathlib import Path

import pytest

from sandbox_runner.app import create_app
from sandbox_runner.settings import Settings
from tests.documented_words import undocumented


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/judge"),
        ("post", "/judge/batch"),
        ("post", "/run"),
        ("get", "/languages"),
        ("get", "/ready"),
        ("get", "/health"),
    ],
)
def test_every_field_and_value_of_a_route_is_documented(method: str, path: str) -> None:
    contract = create_app(Settings()).openapi()

    assert undocumented(Path("docs/sandbox-api.md"), contract, method, path) == []
