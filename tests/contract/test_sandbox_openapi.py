"""The sandbox against its own `/openapi.json`, as the gateway is; what it judges, it judges for real."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio

from sandbox_runner.app import create_app
from sandbox_runner.settings import Settings
from tests.contract.held import Case, Mode, Operation, cases_of, hold
from tests.contract.sandbox_server import real_sandbox_server

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url() -> AsyncGenerator[str, None]:
    async with real_sandbox_server() as url:
        yield url


def _contract() -> dict[str, Any]:
    return create_app(Settings()).openapi()


def _asks_for_little_time(case: Case) -> bool:
    return "deadline_s" in str(case.body)


@pytest.mark.parametrize(("operation", "mode"), cases_of(_contract()))
async def test_no_request_meets_a_fault_or_an_answer_that_is_not_documented(
    url: str, operation: Operation, mode: Mode
) -> None:
    await asyncio.to_thread(hold, url, operation, mode, too_late=_asks_for_little_time)


async def test_what_a_judgment_is_refused_by_is_documented_in_either_wording() -> None:
    paths = _contract()["paths"]

    native, fusion = (paths[path]["post"]["responses"] for path in ("/judge", "/submit"))
    assert {*native} == {"200", "401", "408", "413", "415", "421", "422", "500", "503", "504"}
    assert {*fusion} == {"200", "400", "401", "408", "413", "415", "421", "422", "500", "504"}
    assert {*native["200"]["content"]} == {"application/json", "application/x-ndjson"}
    assert [*native["422"]["content"]] == ["application/problem+json"]
    assert [*fusion["422"]["content"]] == ["application/json"]
