"""Siblings that fail alike are one error to a person."""

import asyncio

import pytest

from service.domain.errors import SandboxError
from service.domain.task import Candidate, StdinTest, Task
from tests.recording_sandbox import recording_sandbox
from training.first_error import first_error
from training.judging import judge_all

TASK = Task("Echo.", tests=(StdinTest("1", "1"),))


def test_a_sandbox_that_refuses_many_judgings_is_one_error() -> None:
    judgings = [(TASK, Candidate(f"print({n})")) for n in range(20)]

    with recording_sandbox() as sandbox:
        sandbox.status = 500
        with pytest.raises(SandboxError, match="sandbox"):
            judge_all(sandbox.url, judgings, "judging")


async def _fail(number: int) -> None:
    raise ValueError(f"error {number}")


async def _in_groups() -> None:
    async with asyncio.TaskGroup() as outer:
        outer.create_task(_in_one_group())


async def _in_one_group() -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(_fail(number))


def test_a_group_within_a_group_is_one_error() -> None:
    with pytest.raises(ValueError, match="error 0"), first_error():
        asyncio.run(_in_groups())


def test_an_interrupt_stays_what_it_is() -> None:
    with pytest.raises(KeyboardInterrupt), first_error():
        raise KeyboardInterrupt
