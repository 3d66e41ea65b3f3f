"""The gateway against its own `/openapi.json`: schemathesis writes requests and holds answers to it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok
from schemathesis.generation.modes import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.api.auth.doors import OPEN
from tests.unit.api.world import World
from tests.unit.cli.serving import serving

CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
Operation = APIOperation[Any, Any, Any, Any]

EXAMPLES = 8
LOOPS = ("/v1/chat/completions", "/v1/responses")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(World(max_inflight=64).app()) as url:
        yield url


def _contract() -> dict[str, Any]:
    return World().app().openapi()


def _operations() -> list[Operation]:
    schema = schemathesis.openapi.from_dict(_contract())
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(found) > 20, "an operation that schemathesis cannot read is left out"
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "operation" in metafunc.fixturenames:
        cases = [(operation, mode) for operation in _operations() for mode in _modes(operation)]
        ids = [f"{operation.label}, {mode.value}" for operation, mode in cases]
        metafunc.parametrize(("operation", "mode"), cases, ids=ids)


def _modes(operation: Operation) -> list[GenerationMode]:
    """Where any request is valid, there is no other."""
    can_be_wrong = operation.body or operation.query
    return [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if can_be_wrong else [])]


def test_no_request_meets_a_fault_or_an_answer_that_is_not_documented(
    url: str, operation: Operation, mode: GenerationMode
) -> None:
    session = requests.Session()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def holds(case: schemathesis.Case[Any]) -> None:
        if operation.path in LOOPS and mode is GenerationMode.POSITIVE and isinstance(case.body, dict):
            case.body["model"] = "refine"  # a model that is there: a name drawn by lot is of none
        answer = case.call(base_url=url, session=session)
        ran_out = answer.status_code == 504 and "budget" in str(case.body)
        assert answer.status_code < 500 or ran_out, (answer.status_code, case.as_curl_command())
        case.validate_response(answer, checks=CHECKS)

    with session:
        holds()


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
