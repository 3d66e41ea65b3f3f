"""The gateway's own time: what is left of a request's when the waits for others are taken out."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

import pytest

from service.adapters.metrics import MeteredModel, Metrics
from service.domain.chat import Completion, Message, Sampling
from service.observing.stopwatch import Stopwatch, answering, calling, following, stopwatch
from tests.fakes import FakeChatModel, ScriptedGenerator
from tests.unit.api.world import RIGHT, TESTS, WRONG, World, client_of, post

WAIT_S = 0.2
"""Far longer than anything here takes by itself, so that a wait counted wrongly shows."""


async def _wait() -> None:
    with calling():
        await asyncio.sleep(WAIT_S)


async def test_a_call_is_not_our_own_time() -> None:
    with stopwatch() as watch:
        started = time.perf_counter()
        await _wait()
        whole_s = time.perf_counter() - started

        assert watch.calls == 1
        assert watch.own_s <= whole_s - WAIT_S * 0.9


async def test_calls_side_by_side_are_waited_for_once() -> None:
    with stopwatch() as watch:
        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(_wait())
        time.sleep(WAIT_S)  # noqa: ASYNC251 - work of our own
        whole_s = time.perf_counter() - started

        assert WAIT_S * 0.9 <= watch.own_s <= whole_s - WAIT_S * 0.9


async def test_passing_a_piece_on_is_our_own_time() -> None:
    with stopwatch() as watch, calling():
        await asyncio.sleep(WAIT_S)
        with answering():
            time.sleep(WAIT_S)  # noqa: ASYNC251 - work of our own

    assert watch.own_s >= WAIT_S * 0.9


async def test_waiting_for_somebody_elses_refinement_is_no_call_and_not_our_time() -> None:
    with stopwatch() as watch:
        started = time.perf_counter()
        with following():
            await asyncio.sleep(WAIT_S)

        assert watch.calls == 0
        assert watch.own_s <= time.perf_counter() - started - WAIT_S * 0.9


def test_a_restart_forgets_what_came_before() -> None:
    watch = Stopwatch()
    time.sleep(WAIT_S)
    before_s = watch.own_s
    watch.restart()

    assert watch.own_s < before_s


async def test_without_a_request_calls_are_made_all_the_same() -> None:
    with calling(), answering(), following():
        pass


@dataclass
class _SlowModel(FakeChatModel):
    async def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[str | Completion, None]:
        await asyncio.sleep(WAIT_S)
        async for piece in super().stream(messages, sampling):
            yield piece


async def test_a_stream_is_waited_for_and_what_is_done_with_its_pieces_is_ours() -> None:
    model = MeteredModel(_SlowModel(["one\ntwo\n"]), "critic", Metrics())
    with stopwatch() as watch:
        started = time.perf_counter()
        async for _ in model.stream([], Sampling()):
            time.sleep(WAIT_S)  # noqa: ASYNC251 - two lines and the completion

        assert WAIT_S * 2.9 <= watch.own_s <= time.perf_counter() - started - WAIT_S * 0.9


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/refine", {"problem": "Add one.", "tests": TESTS, "entry_point": "f"}),
        ("/judge", {"problem": "Add one.", "solutions": [WRONG, RIGHT]}),
        ("/critique", {"problem": "Add one.", "solution": WRONG}),
        ("/v1/chat/completions", {"model": "refine", "messages": [{"role": "user", "content": "Add one."}]}),
        ("/v1/responses", {"model": "refine", "input": "Add one."}),
    ],
)
async def test_every_door_tells_its_own_share_of_a_whole_answer(path: str, body: object) -> None:
    world = World()
    answer = await post(world, path, body)

    assert answer.status_code == 200
    assert float(answer.headers["x-refine-overhead-ms"]) > 0
    assert world.metric("ctrl_overhead_seconds_count") == 1


async def test_a_slow_sandbox_is_not_in_the_overhead() -> None:
    generator = ScriptedGenerator([RIGHT])
    world = World(generator=generator)
    slow = world.sandbox.judge

    async def judge(*arguments: object, **named: object) -> object:
        await asyncio.sleep(WAIT_S)
        return await slow(*arguments, **named)  # type: ignore[arg-type]

    world.sandbox.judge = judge  # type: ignore[method-assign,assignment]
    body = {"problem": "Add one.", "tests": TESTS, "entry_point": "f", "rounds": 0}
    started = time.perf_counter()
    answer = await post(world, "/refine", body)
    whole_ms = (time.perf_counter() - started) * 1000

    assert float(answer.headers["x-refine-overhead-ms"]) <= whole_ms - WAIT_S * 900


async def test_a_stream_has_no_header_and_is_counted_at_its_end() -> None:
    world = World()
    answer = await post(world, "/refine", {"problem": "Add one.", "stream": True})

    assert "x-refine-overhead-ms" not in answer.headers
    assert world.metric("ctrl_overhead_seconds_count") == 1


async def test_a_request_that_calls_nobody_has_no_overhead() -> None:
    world = World()
    async with client_of(world.app()) as client:
        answers = [
            await client.get("/health"),
            await client.get("/v1/models"),
            await client.post("/refine", json={"problem": ""}),
        ]

    assert not [answer for answer in answers if "x-refine-overhead-ms" in answer.headers]
    assert world.metric("ctrl_overhead_seconds_count") == 0


async def test_a_body_that_is_slow_in_coming_is_the_clients_time() -> None:
    world = World()

    async def body() -> AsyncGenerator[bytes, None]:
        yield b'{"problem": '
        await asyncio.sleep(WAIT_S)
        yield b'"Add one."}'

    async with client_of(world.app()) as client:
        started = time.perf_counter()
        answer = await client.post("/refine", content=body(), headers={"Content-Type": "application/json"})
        whole_ms = (time.perf_counter() - started) * 1000

    assert answer.status_code == 200
    assert float(answer.headers["x-refine-overhead-ms"]) <= whole_ms - WAIT_S * 900
