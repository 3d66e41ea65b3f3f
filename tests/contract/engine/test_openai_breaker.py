"""An endpoint that fails is left alone, and found again; what is not its failure does not count."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest

from service.adapters.metrics import MeteredModel, Metrics
from service.adapters.openai import OpenAIModel
from service.adapters.openai.transport import Transport
from service.adapters.openai.upstream import OpenAIUpstream
from service.api.problems import row_of
from service.domain.errors import ContextError, CriticError, ModelError
from service.domain.roles import ChatCritic
from service.domain.task import Candidate, Task
from tests.clock import Clock
from tests.openai_server import (
    DONE,
    HI,
    PLAIN,
    STEADY,
    Answering,
    ChatServer,
    break_off,
    drip,
    event,
    hang,
    raw,
    refusal,
    streamed,
    whole,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def model(server: ChatServer, clock: Clock) -> AsyncGenerator[OpenAIModel, None]:
    patience = replace(STEADY, clock=clock)
    async with OpenAIModel("gpt", server.base_url, "m", patience=patience) as model:
        yield model


async def fail(model: OpenAIModel, times: int) -> None:
    for _ in range(times):
        with pytest.raises(ModelError) as failure:
            await model.complete(HI, PLAIN)
        assert failure.value.retry_after_s is None


async def read(model: OpenAIModel) -> None:
    async with aclosing(model.stream(HI, PLAIN)) as stream:
        async for _ in stream:
            pass


async def test_after_five_failures_in_a_row_the_endpoint_is_not_asked(
    server: ChatServer, model: OpenAIModel
) -> None:
    server.answer(refusal(501))
    await fail(model, 5)

    with pytest.raises(ModelError, match="left alone; the next call may try in 1 s") as failure:
        await model.complete(HI, PLAIN)

    assert failure.value.retry_after_s == 1
    assert len(server.bodies) == 5


async def test_a_call_that_succeeds_after_the_pause_lets_all_others_through(
    server: ChatServer, model: OpenAIModel, clock: Clock
) -> None:
    server.answer(*[refusal(501)] * 5, whole("hello"))
    await fail(model, 5)
    clock.now += 60

    assert [(await model.complete(HI, PLAIN))[0].text for _ in range(3)] == ["hello"] * 3


async def test_a_call_at_work_waits_until_the_endpoint_may_be_asked_again(server: ChatServer) -> None:
    server.answer(*[refusal(503)] * 5, whole("hello"))

    async with OpenAIModel("gpt", server.base_url, "m", patience=replace(STEADY, attempts=6)) as model:
        (completion,) = await model.complete(HI, PLAIN)

    assert completion.text == "hello"
    assert len(server.bodies) == 6


async def test_a_call_that_fails_after_the_pause_doubles_it(
    server: ChatServer, model: OpenAIModel, clock: Clock
) -> None:
    server.answer(refusal(501))
    await fail(model, 5)
    clock.now += 1
    await fail(model, 1)
    clock.now += 0.9

    with pytest.raises(ModelError, match="left alone; the next call may try in 2 s"):
        await model.complete(HI, PLAIN)

    assert len(server.bodies) == 6


@pytest.mark.parametrize("answer", [raw(b"<html>"), whole(), raw(b'{"error": {"message": "no memory"}}')])
async def test_an_answer_that_cannot_be_read_is_a_failure(
    server: ChatServer, model: OpenAIModel, answer: Answering
) -> None:
    server.answer(answer)

    await fail(model, 5)

    with pytest.raises(ModelError, match="left alone"):
        await model.complete(HI, PLAIN)


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:1/v1", None])
async def test_an_endpoint_that_is_away_or_silent_is_a_failure(
    server: ChatServer, base_url: str | None
) -> None:
    server.answer(hang)
    patience = replace(STEADY, attempts=1, whole_s=0.02, clock=lambda: 0.0)
    async with OpenAIModel("gpt", base_url or server.base_url, "m", patience=patience) as model:
        await fail(model, 5)

        with pytest.raises(ModelError, match="left alone"):
            await model.complete(HI, PLAIN)


async def test_a_stream_that_began_and_broke_off_is_a_failure(server: ChatServer, model: OpenAIModel) -> None:
    server.answer(break_off)
    for _ in range(5):
        with pytest.raises(ModelError, match="broke off"):
            await read(model)

    with pytest.raises(ModelError, match="left alone"):
        await read(model)


async def test_a_stream_that_ends_well_closes_the_breaker(
    server: ChatServer, model: OpenAIModel, clock: Clock
) -> None:
    server.answer(*[refusal(501)] * 5, streamed(event("Hello", "stop"), DONE), refusal(501), whole("hello"))
    await fail(model, 5)
    clock.now += 1

    await read(model)
    await fail(model, 1)

    assert (await model.complete(HI, PLAIN))[0].text == "hello"


async def test_the_first_words_of_a_stream_let_others_through_before_it_ends(
    server: ChatServer, model: OpenAIModel, clock: Clock
) -> None:
    never = asyncio.Event()
    begun = streamed(event("Hel"), ending=never.wait())
    server.answer(*[refusal(501)] * 5, begun, whole("hello"))
    await fail(model, 5)
    clock.now += 1

    async with aclosing(model.stream(HI, PLAIN)) as stream:
        await anext(stream)
        answers = [(await model.complete(HI, PLAIN))[0].text for _ in range(3)]

    assert answers == ["hello"] * 3


@pytest.mark.parametrize("status", [400, 401, 404, 422])
async def test_a_refusal_of_the_request_is_no_failure(
    server: ChatServer, model: OpenAIModel, status: int
) -> None:
    server.answer(refusal(status))

    await fail(model, 20)


async def test_a_request_that_is_too_long_is_no_failure(server: ChatServer, model: OpenAIModel) -> None:
    server.answer(refusal(400, code="context_length_exceeded"))

    for _ in range(20):
        with pytest.raises(ContextError):
            await model.complete(HI, PLAIN)


@pytest.mark.parametrize("answer", [hang, drip])
async def test_a_caller_who_leaves_is_no_failure(
    server: ChatServer, model: OpenAIModel, answer: Answering
) -> None:
    server.answer(*[answer] * 8, whole("hello"))
    for _ in range(8):
        server.asked.clear()
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(read(model))
            await server.asked.wait()
            asking.cancel()

    assert (await model.complete(HI, PLAIN))[0].text == "hello"
    assert [replica.inflight for replica in model.transport._replicas] == [0]  # noqa: SLF001


async def test_what_passes_through_shares_the_breaker_of_the_model(
    server: ChatServer, model: OpenAIModel
) -> None:
    server.answer(refusal(501))
    upstream = OpenAIUpstream(model.transport, "m")
    for _ in range(5):
        async with upstream.post("/chat/completions", b"{}") as reply:
            assert reply.status == 501

    with pytest.raises(ModelError, match="left alone"):
        async with upstream.post("/chat/completions", b"{}"):
            pass
    with pytest.raises(ModelError, match="left alone"):
        await model.complete(HI, PLAIN)


async def test_a_passed_stream_that_breaks_off_is_a_failure_though_nobody_leaves_by_it(
    server: ChatServer,
) -> None:
    server.answer(break_off)
    transport = Transport("gpt", [server.base_url], None, STEADY)
    upstream = OpenAIUpstream(transport, "m")
    for _ in range(5):
        async with upstream.post("/chat/completions", b"{}") as reply:
            assert not isinstance(reply.body, bytes)
            with pytest.raises(ModelError, match="broke off"):
                _ = [piece async for piece in reply.body]

    with pytest.raises(ModelError, match="left alone"):
        async with upstream.post("/chat/completions", b"{}"):
            pass
    await transport.aclose()


async def test_when_everybody_fails_repetitions_run_out(server: ChatServer, model: OpenAIModel) -> None:
    """429 is no failure of the endpoint: it is the budget alone that spares it."""
    server.answer(refusal(429))

    async with asyncio.TaskGroup() as group:
        for _ in range(100):
            group.create_task(fail(model, 1))

    assert 100 + 64 <= len(server.bodies) <= 100 + 64 + 100 // 5


async def test_each_call_earns_a_fifth_of_a_repetition(server: ChatServer, model: OpenAIModel) -> None:
    server.answer(refusal(429))

    for _ in range(50):
        await fail(model, 1)

    assert 50 + 64 + 5 < len(server.bodies) <= 50 + 64 + 50 // 5


async def test_the_client_is_told_503_and_when_to_come_back_in_whatever_role_it_failed(
    server: ChatServer, model: OpenAIModel
) -> None:
    server.answer(refusal(501))
    await fail(model, 5)
    metrics = Metrics()
    critic = ChatCritic(MeteredModel(model, "critic", metrics))

    with pytest.raises(CriticError) as failure:
        await critic.critique(Task("add"), Candidate("x = 1"), None, PLAIN, None)

    row = row_of(failure.value)
    assert (row.status, row.retry_after_s) == (503, 1)
    assert (
        'ctrl_upstream_errors_total{kind="breaker_open",part="critic"} 1.0'
        in metrics.exposition()[0].decode()
    )
