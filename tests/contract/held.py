"""Hold a service to its own contract: schemathesis writes requests from it and measures the answers by it."""

from collections.abc import Callable
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

Case = schemathesis.Case[Any]
Operation = APIOperation[Any, Any, Any, Any]
Mode = GenerationMode

CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 8


def cases_of(contract: dict[str, Any]) -> list[Any]:
    """Each operation with requests as they should be, and as they should not where there are such."""
    results = list(schemathesis.openapi.from_dict(contract).get_all_operations())
    operations = [result.ok() for result in results if isinstance(result, Ok)]
    assert len(operations) == len(results), "an operation that schemathesis cannot read is left out"
    return [
        pytest.param(operation, mode, id=f"{operation.label}, {mode.value}")
        for operation in operations
        for mode in _modes(operation)
    ]


def _modes(operation: Operation) -> list[Mode]:
    """Where any request is valid, there is no other."""
    can_be_wrong = operation.body or operation.query
    return [Mode.POSITIVE, *([Mode.NEGATIVE] if can_be_wrong else [])]


def _leave(_case: Case) -> None:
    """Send it as it was written."""


def hold(
    url: str,
    operation: Operation,
    mode: Mode,
    *,
    prepare: Callable[[Case], None] = _leave,
    too_late: Callable[[Case], bool],
) -> None:
    """Send requests; no answer is a fault, but for a 504 to what asked for too little time."""
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
    def holds(case: Case) -> None:
        prepare(case)
        answer = case.call(base_url=url, session=session)
        ran_out = answer.status_code == 504 and too_late(case)
        assert answer.status_code < 500 or ran_out, (answer.status_code, case.as_curl_command())
        case.validate_response(answer, checks=CHECKS)

    with session:
        holds()
