"""`docs/api.md` names every field of the gateway's own routes, and every value of a closed set."""

from pathlib import Path

import pytest

from tests.documented_words import undocumented
from tests.unit.api.world import World


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/refine"),
        ("get", "/refine/{id}"),
        ("post", "/critique"),
        ("post", "/judge"),
        ("get", "/v1/models"),
        ("get", "/ready"),
        ("get", "/health"),
    ],
)
def test_every_field_and_value_of_a_route_is_documented(method: str, path: str) -> None:
    assert undocumented(Path("docs/api.md"), World().app().openapi(), method, path) == []
