"""Programs are taken out of their texts beside the event loop, which is everybody's."""

import ast
import asyncio
import symtable
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from service.domain import similarity
from service.domain.roles import ChatGenerator
from service.domain.ruling import Case
from service.domain.task import CallTest, Candidate, Task
from service.reader import SLICE_CHARS, read_cases
from tests.fakes import CORRECT, INCORRECT, FakeChatModel
from tests.unit.api.world import World, post

Json = dict[str, object]

BROKEN = "a;" * 3_000 + ")"
TWO_BLOCKS = f"```python\n{BROKEN}\n```\n" * 2
CHAT = f"<|user|>\nAdd one.\n<|assistant|>\n{TWO_BLOCKS}"

DOORS: dict[str, Json] = {
    "/judge": {"problem": "Add one.", "solutions": [TWO_BLOCKS, "x = 1"]},
    "/critique": {"problem": "Add one.", "solution": TWO_BLOCKS},
    "/compat/openrlhf/get_reward": {"query": [CHAT], "prompts": [""], "labels": [None]},
    "/compat/slime": {"prompt": "Add one.", "response": TWO_BLOCKS},
    "/compat/nemo-gym/verify": {
        "responses_create_params": {"input": "Add one."},
        "response": {"output": [{"role": "assistant", "content": TWO_BLOCKS}]},
    },
    "/score": {"queries": "Add one.", "documents": [TWO_BLOCKS]},
    "/rerank": {"query": "Add one.", "documents": [TWO_BLOCKS]},
    "/classify": {"input": [CHAT]},
}


@pytest.mark.parametrize("path", DOORS)
async def test_nothing_is_parsed_on_the_event_loop(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parse, threads = ast.parse, list[str]()

    def watched(code: str) -> ast.Module:
        threads.append(threading.current_thread().name)
        return parse(code)

    monkeypatch.setattr(ast, "parse", watched)

    answer = await post(World(critic=FakeChatModel([CORRECT])), path, DOORS[path])

    assert answer.status_code == 200, answer.text
    assert threads
    assert {name.partition("_")[0] for name in threads} == {"reader"}


@pytest.mark.parametrize("solution", [TWO_BLOCKS, None])
async def test_what_a_refinement_is_given_and_writes_is_read_beside_the_event_loop_where_it_is_long(
    solution: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = list[str]()

    def watched(look: Callable[..., object], *arguments: object) -> object:
        threads.append(threading.current_thread().name)
        return look(*arguments)

    monkeypatch.setattr(ast, "parse", partial(watched, ast.parse))
    monkeypatch.setattr(symtable, "symtable", partial(watched, symtable.symtable))
    monkeypatch.setattr(similarity, "tokens", partial(watched, similarity.tokens))
    writer: Any = ChatGenerator(FakeChatModel([TWO_BLOCKS, TWO_BLOCKS + "\n```\nx = 1\n```"]))

    answer = await post(
        World(generator=writer, critic=FakeChatModel([INCORRECT])),
        "/refine",
        {"problem": "Add one.", "solution": solution, "rounds": 1},
    )

    assert answer.status_code == 200, answer.text
    assert threads
    assert {name.partition("_")[0] for name in threads} == {"reader"}


async def test_equal_programs_that_vote_are_parsed_once_and_beside_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sixteen hostile drafts held it for five seconds."""
    unparse, threads = ast.unparse, list[str]()

    def watched(tree: ast.AST) -> str:
        threads.append(threading.current_thread().name)
        return unparse(tree)

    monkeypatch.setattr(ast, "unparse", watched)
    wanted = {"solution": "a;" * 3_000, "rounds": 0, "candidates": 16, "select": "vote"}

    answer = await post(World(critic=FakeChatModel([CORRECT])), "/refine", {"problem": "p", **wanted})

    assert answer.status_code == 200, answer.text
    assert [name.partition("_")[0] for name in threads] == ["reader"]


async def test_a_request_reads_no_more_in_one_turn_than_a_slice() -> None:
    turns = list[str]()

    def noted(who: str) -> Callable[[], Case]:
        def make() -> Case:
            turns.append(who)
            return Case(Task("p"), Candidate("x = 1", "#" * SLICE_CHARS))

        return make

    async with asyncio.TaskGroup() as group:
        for batch in ([noted("large")] * 20, [noted("small")]):
            group.create_task(read_cases(batch))

    assert turns == ["large", "small", *["large"] * 19]


async def test_what_many_programs_are_judged_by_is_read_once() -> None:
    """A repetition of large tests for each program took gigabytes."""

    class Value:
        read = 0

        def __repr__(self) -> str:
            Value.read += 1
            return "value"

    task = Task("p", "f", (CallTest((Value(),), 1),))
    cases = await read_cases([lambda: Case(task, Candidate("x = 1"))] * 50)

    assert len({case.key for case in cases}) == 1
    assert Value.read == 1
