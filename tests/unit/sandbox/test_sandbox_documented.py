"""`docs/sandbox-api.md` names every field of the sandbox's own routes, and every value of a closed set."""

from pathlib import Path

import pytest

from sandbox_runner.app import create_app
from sandbox_runner.metrics import Metrics
from sandbox_runner.settings import Settings
from tests.documented_words import undocumented

PAGE = Path("docs/sandbox-api.md")


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

    assert undocumented(PAGE, contract, method, path) == []


def test_every_metric_is_documented() -> None:
    page = PAGE.read_text(encoding="utf-8")
    families = {
        f"{each.name}_total" if each.type == "counter" else each.name for each in Metrics().registry.collect()
    }

    assert [name for name in sorted(families) if f"`{name}" not in page] == []
