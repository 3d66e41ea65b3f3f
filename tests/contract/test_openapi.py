"""The gateway against its own `/openapi.json`: schemathesis writes requests and holds answers to it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from service.api.auth.doors import OPEN
from tests.contract.held import Case, Mode, Operation, cases_of, hold
from tests.unit.api.world import World
from tests.unit.cli.serving import serving

LOOPS = ("/v1/chat/completions", "/v1/responses")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(World(max_inflight=64).app()) as url:
        yield url


def _contract() -> dict[str, Any]:
    return World().app().openapi()


def _asks_for_little_time(case: Case) -> bool:
    return "budget" in str(case.body)


@pytest.mark.parametrize(("operation", "mode"), cases_of(_contract()))
def test_no_request_meets_a_fault_or_an_answer_that_is_not_documented(
    url: str, operation: Operation, mode: Mode
) -> None:
    def name_a_model(case: Case) -> None:
        """One that is there: a name drawn by lot is of none."""
        if operation.path in LOOPS and mode is Mode.POSITIVE and isinstance(case.body, dict):
            case.body["model"] = "refine"

    hold(url, operation, mode, prepare=name_a_model, too_late=_asks_for_little_time)


def test_a_refused_request_is_documented_as_it_is_answered() -> None:
    contract = _contract()
    refusals = {
        (path, status): set(answer["content"])
        for path, operations in contract["paths"].items()
        for operation in operations.values()
        for status, answer in operation["responses"].items()
        if status.startswith("4") and "content" in answer
    }

    assert refusals["/refine", "422"] == {"application/problem+json"}
    assert refusals["/v1/chat/completions", "400"] == {"application/json"}
    assert ("/v1/chat/completions", "422") not in refusals
    assert "HTTPValidationError" not in json.dumps(contract)


def test_what_keys_and_quotas_may_answer_is_documented_at_every_door_behind_them() -> None:
    undocumented = [
        f"{method} {path}"
        for path, operations in _contract()["paths"].items()
        for method, operation in operations.items()
        if path not in OPEN and not {"401", "403", "429"} <= operation["responses"].keys()
    ]

    assert undocumented == []


def test_what_a_page_or_a_compressed_body_is_answered_is_documented_where_it_is(url: str) -> None:
    """`/refine` answers 415 to a compressed body and 421 to a name that is not its own: neither was told."""
    undocumented = [
        (method, path, status)
        for path, operations in _contract()["paths"].items()
        for method, operation in operations.items()
        for status, may in (("415", "requestBody" in operation), ("421", method in {"post", "delete"}))
        if may and status not in operation["responses"]
    ]
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    compressed = requests.post(f"{url}/score", data=b"\x1f\x8b", headers=headers, timeout=10)
    rebound = requests.post(f"{url}/score", json={}, headers={"Host": "evil.example"}, timeout=10)

    assert (compressed.status_code, rebound.status_code) == (415, 421)
    assert undocumented == []


def test_the_contract_is_written_once() -> None:
    app = World().app()

    assert app.openapi() is app.openapi()
