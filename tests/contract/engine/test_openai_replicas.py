"""Several servers of one model: a problem stays with one of them; none is missed while another answers."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from aiohttp import web

from service.adapters.openai import OpenAIModel
from service.adapters.openai.upstream import OpenAIUpstream
from service.adapters.reachability import EndpointPing
from service.domain.chat import Message
from service.domain.errors import ModelError
from service.domain.parsing import parse_critique
from service.domain.task import Candidate, Task
from service.domain.templates import CRITIC_TEMPLATE, GENERATOR_TEMPLATE
from tests.openai_server import PLAIN, STEADY, ChatServer, chat_server, refusal, whole

NOWHERE = "http://127.0.0.1:1/v1"
MANY = 120
"""Problems enough for each server to have some: ports, and with them homes, are drawn in every run."""
REVIEW = parse_critique("Analysis:\nbad\n\nImprovement suggestions:\nfix\n\nOverall judgment: Incorrect")


@pytest.fixture
async def servers() -> AsyncGenerator[list[ChatServer], None]:
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(chat_server()) for _ in range(3)]
        for server in servers:
            server.answer(whole("hello"))
        yield servers


@pytest.fixture
async def model(servers: list[ChatServer]) -> AsyncGenerator[OpenAIModel, None]:
    urls = [server.base_url for server in servers]
    async with OpenAIModel("gpt", urls, "m", patience=STEADY) as model:
        yield model


def about(problem: str) -> list[list[Message]]:
    """Every kind of call that the loop makes about a problem."""
    task, candidate = Task(problem), Candidate("print(1)")
    return [
        GENERATOR_TEMPLATE.proposal(task),
        CRITIC_TEMPLATE.request(task, candidate),
        GENERATOR_TEMPLATE.revision(task, candidate, REVIEW),
        CRITIC_TEMPLATE.request(task, Candidate("print(2)"), "a hint"),
    ]


def asked(servers: Sequence[ChatServer]) -> list[int]:
    return [len(server.bodies) for server in servers]


async def test_every_call_about_a_problem_reaches_the_same_server(
    servers: list[ChatServer], model: OpenAIModel
) -> None:
    for messages in about("Add one."):
        await model.complete(messages, PLAIN)

    assert sorted(asked(servers)) == [0, 0, 4]


async def test_problems_are_spread(servers: list[ChatServer], model: OpenAIModel) -> None:
    for number in range(MANY):
        await model.complete(about(f"Add {number}.")[0], PLAIN)

    assert min(asked(servers)) >= MANY / 12


async def test_a_problem_stays_where_it_was_when_another_server_is_added(servers: list[ChatServer]) -> None:
    homes = []
    for many in (2, 3):
        urls = [server.base_url for server in servers[:many]]
        before = asked(servers)
        home = []
        async with OpenAIModel("gpt", urls, "m", patience=STEADY) as model:
            for number in range(12):
                await model.complete(about(f"Add {number}.")[0], PLAIN)
                now = asked(servers)
                home.append(next(i for i in range(3) if now[i] > before[i]))
                before = now
        homes.append(home)

    assert all(new in (old, 2) for old, new in zip(*homes, strict=True))


async def test_a_server_that_is_not_there_is_passed_over_at_once(server: ChatServer) -> None:
    server.answer(whole("hello"))
    patience = replace(STEADY, attempts=1)
    async with OpenAIModel("gpt", [NOWHERE, server.base_url], "m", patience=patience) as model:
        for number in range(8):
            await model.complete(about(f"Add {number}.")[0], PLAIN)
        upstream = OpenAIUpstream(model.transport, "m")
        for number in range(8):
            async with upstream.post("/chat/completions", b'{"messages": "%d"}' % number) as reply:
                assert reply.status == 200

    assert len(server.bodies) == 16


async def test_a_server_that_is_overloaded_hands_on_to_the_next(servers: list[ChatServer]) -> None:
    busy, free = servers[:2]
    busy.answers[0] = refusal(503, headers={"Retry-After": "1"})
    async with OpenAIModel("gpt", [busy.base_url, free.base_url], "m", patience=STEADY) as model:
        for number in range(MANY):
            await model.complete(about(f"Add {number}.")[0], PLAIN)

    assert len(free.bodies) == MANY
    assert len(busy.bodies) >= 1


async def test_a_failing_server_is_left_alone_while_the_other_serves(servers: list[ChatServer]) -> None:
    broken, well = servers[:2]
    broken.answers[0] = refusal(503)
    async with OpenAIModel(
        "gpt", [broken.base_url, well.base_url], "m", patience=replace(STEADY, clock=lambda: 0.0)
    ) as model:
        for number in range(MANY):
            await model.complete(about(f"Add {number}.")[0], PLAIN)

    assert (len(broken.bodies), len(well.bodies)) == (5, MANY)


def _answer_together(servers: list[ChatServer], calls: int) -> None:
    """Answer nobody before all have come."""
    everybody = asyncio.Barrier(calls)

    async def together(request: web.Request) -> web.StreamResponse:
        await everybody.wait()
        return await whole("hello")(request)

    for server in servers:
        server.answers[0] = together


async def test_a_few_calls_are_no_crowd(servers: list[ChatServer], model: OpenAIModel) -> None:
    """Of one problem's votes most read its prompt from the cache of the first."""
    _answer_together(servers, 8)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(model.complete(about("Add one.")[0], PLAIN))

    assert sorted(asked(servers)) == [0, 0, 8]


async def test_a_crowded_server_sends_the_overflow_to_the_others(
    servers: list[ChatServer], model: OpenAIModel
) -> None:
    _answer_together(servers, 30)
    urls = [server.base_url for server in servers]
    async with OpenAIModel("gpt", urls, "m") as patient, asyncio.timeout(60), asyncio.TaskGroup() as group:
        for _ in range(30):
            group.create_task(patient.complete(about("Add one.")[0], PLAIN))

    assert sorted(asked(servers)) == [0, 15, 15]


@pytest.mark.parametrize(
    ("body", "same_as"),
    [
        (b'{"messages": [{"role": "user", "content": "one"}, {"role": "assistant", "content": "x"}]}', True),
        (b'{"input": [{"role": "developer", "content": "y"}, {"role": "user", "content": "one"}]}', True),
        (b'{"input": "one"}', True),
        (b'{"messages": 7}', False),
        (b'{"messages": [7, {"role": "user"}]}', False),
        (b'{"messages": null}', False),
    ],
)
async def test_a_conversation_stays_where_it_began_and_odd_bodies_go_somewhere(
    servers: list[ChatServer], model: OpenAIModel, body: bytes, same_as: bool
) -> None:
    for server in servers:
        server.answers[0] = _anything
    upstream = OpenAIUpstream(model.transport, "m")
    first = b'{"messages": [{"role": "user", "content": "one"}]}'
    homes: Counter[int] = Counter()
    for sent in (first, body):
        async with upstream.post("/responses", sent) as reply:
            assert isinstance(reply.body, bytes)
            homes[int(reply.body.decode()[8:-1])] += 1

    assert len(homes) == 1 or not same_as


async def _anything(request: web.Request) -> web.Response:
    assert request.transport is not None
    port = request.transport.get_extra_info("sockname")[1]
    return web.json_response({"at": port})


async def test_one_server_that_answers_is_enough_to_be_ready(server: ChatServer) -> None:
    await EndpointPing("gpt", [NOWHERE, server.base_url], None)()

    with pytest.raises(ModelError, match="ClientConnectorError") as failure:
        await EndpointPing("gpt", [NOWHERE, "http://127.0.0.1:2/v1"], None)()
    assert "127.0.0.1" not in str(failure.value)
