"""What a request is turned into, and what that may cost everyone else."""

import asyncio
from contextlib import nullcontext
from itertools import repeat
from typing import Any

import pytest

from sandbox_runner.api.convert import MOST_REWRITTEN, Converter, Offer, offers
from sandbox_runner.api.models import JudgeRequest, LimitsModel
from sandbox_runner.api.problems import InvalidRequestError
from sandbox_runner.domain.cases import CallCase, CodeCase, Submission
from sandbox_runner.domain.checkers import CustomChecker
from sandbox_runner.domain.verdict import Tier
from sandbox_runner.settings import Settings
from tests.unit.sandbox.api_client import CODE

_LONG = f"assert f([{'1, ' * 20_000}]) == 4"
_REPEATING = "assert f([0] * 240_000) == 4"


def _converter() -> Converter:
    return Converter(Settings(), Tier.T3, offers(isolated=True), isolated=True)


async def _converted(sources: list[str], converter: Converter | None = None) -> Submission:
    tests: list[dict[str, Any]] = [{"assert": source} for source in sources]
    request = JudgeRequest.model_validate({"code": CODE, "tests": tests})
    return await (converter or _converter()).submission(request)


async def test_others_are_served_while_long_asserts_are_read() -> None:
    converter = _converter()
    served = 0
    async with asyncio.TaskGroup() as group:
        reading = [group.create_task(_converted([_LONG] * 4, converter)) for _ in range(2)]
        while not all(task.done() for task in reading):
            await asyncio.sleep(0)
            served += 1

    assert served > 10


async def test_asserts_beyond_a_megabyte_are_left_to_a_jail() -> None:
    kinds = [type(case) for case in (await _converted([_LONG] * 20)).cases]

    few = MOST_REWRITTEN // len(_LONG)
    assert kinds == [*repeat(CallCase, few), *repeat(CodeCase, 20 - few)]


async def test_test_code_of_megabytes_is_left_to_a_jail() -> None:
    """EvalPlus has such: all inputs and results of a problem, and a loop over them."""
    source = f"inputs = {list(range(300_000))}\nfor x in inputs: assert f(x) == x"

    (case,) = (await _converted([source])).cases

    assert isinstance(case, CodeCase)


async def test_what_all_asserts_of_a_submission_repeat_is_bounded() -> None:
    cases = (await _converted([*[_REPEATING] * 50, "assert f(1 + 2) == [3] * 2"])).cases

    assert [type(case) for case in cases[:3]] == [CallCase, CallCase, CodeCase]
    assert sum(isinstance(case, CallCase) for case in cases[:-1]) == 2
    assert isinstance(cases[-1], CallCase)


@pytest.mark.parametrize(("code", "packages"), [("import numpy", "numpy"), ("import json", "stdlib")])
async def test_a_checker_that_speaks_of_numpy_has_it(code: str, packages: str) -> None:
    offered = {"python": Offer(("stdin",), ("stdlib", "numpy"))}
    converter = Converter(Settings(), Tier.T3, offered, isolated=True)
    body = {"code": CODE, "tests": [{"stdout": ""}], "checker": {"name": "custom", "code": code}}

    checker = (await converter.submission(JudgeRequest.model_validate(body))).checker

    assert isinstance(checker, CustomChecker)
    assert checker.packages == packages


async def test_what_is_just_allowed_is_allowed() -> None:
    settings = Settings(max_tests=2, max_code_bytes=len(CODE))
    converter = Converter(settings, Tier.T3, offers(isolated=True), isolated=True)
    most = {
        "cpu_s": settings.max_cpu_s,
        "wall_s": settings.max_wall_s,
        "memory_bytes": settings.max_memory_bytes,
        "output_bytes": settings.max_output_bytes,
        "processes": settings.max_processes,
    }
    for limits in (most, most | {"memory_bytes": settings.min_memory_bytes}):
        body = {"code": CODE, "tests": [{"stdout": ""}] * 2, "limits": limits, "require_tier": "T3"}

        submission = await converter.submission(JudgeRequest.model_validate(body))

        assert submission.limits.as_message() == limits


@pytest.mark.parametrize(
    ("isolated", "processes", "allowed"), [(False, 1, True), (False, 2, False), (True, 2, True)]
)
def test_several_processes_need_namespaces(*, isolated: bool, processes: int, allowed: bool) -> None:
    converter = Converter(Settings(), Tier.T1, offers(isolated=isolated), isolated=isolated)

    with nullcontext() if allowed else pytest.raises(InvalidRequestError, match="needs namespaces"):
        assert converter.limits(LimitsModel(processes=processes)).processes == processes
