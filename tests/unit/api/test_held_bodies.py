"""The bodies that a process holds have a bound together: a thousand clients that wait must not be its end."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random

import httpx
import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from service.api import problems
from service.api.body_limit import BodyLimit, Held

BODY = b"x" * 30


@dataclass
class Door:
    """Reads bodies, and answers when it is let. The key is whose the request is."""

    held_bytes: int = 100
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    read: int = 0

    async def _answer(self, request: Request) -> Response:
        await request.body()
        self.read += 1
        await self.opened.wait()
        return Response("ok")

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[httpx.AsyncClient, None]:
        app = FastAPI(routes=[Route("/", self._answer, methods=["POST"])])
        problems.install(app)
        limited = BodyLimit(app, limit_bytes=30, limit_s=5, held_bytes=self.held_bytes)

        async def keyed(scope: Scope, receive: Receive, send: Send) -> None:
            await limited(
                {**scope, "tenant": dict(scope["headers"]).get(b"x-tenant", b"").decode()}, receive, send
            )

        async with httpx.AsyncClient(transport=httpx.ASGITransport(keyed), base_url="http://x") as client:
            yield client

    async def reads(self, number: int) -> None:
        await _until(lambda: self.read == number)


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - a fake has no events
            await asyncio.sleep(0)


async def test_what_does_not_fit_is_turned_away_until_others_have_ended() -> None:
    door = Door()
    async with door.client() as client, asyncio.TaskGroup() as group:
        waiting = [group.create_task(client.post("/", content=BODY)) for _ in range(3)]
        await door.reads(3)

        refused = await client.post("/", content=BODY)
        small = group.create_task(client.post("/", content=b"x" * 10))
        await door.reads(4)
        door.opened.set()
        answers = [(await task).status_code for task in (*waiting, small)]
        again = await client.post("/", content=BODY)

    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/overloaded")
    assert refused.headers["retry-after"] == "2"
    assert answers == [200] * 4
    assert again.status_code == 200


async def test_one_tenant_cannot_have_all_the_room() -> None:
    door = Door(held_bytes=160)
    async with door.client() as client, asyncio.TaskGroup() as group:
        mine = {"x-tenant": "loud"}
        first = group.create_task(client.post("/", content=BODY, headers=mine))
        await door.reads(1)

        refused = await client.post("/", content=BODY, headers=mine)
        other = group.create_task(client.post("/", content=BODY, headers={"x-tenant": "quiet"}))
        await door.reads(2)
        door.opened.set()

        assert ((await first).status_code, refused.status_code, (await other).status_code) == (200, 503, 200)


def test_what_counts_as_held_is_what_was_taken_and_not_given_back() -> None:
    dice, held = Random(7), Held.within(limit_bytes=1_000, body_bytes=100)
    bodies: list[tuple[str, int]] = []
    for _ in range(500):
        if bodies and dice.random() < 0.4:
            held.give_back(*bodies.pop(dice.randrange(len(bodies))))
            continue
        body = dice.choice(["", "one", "two"]), dice.randrange(100)
        with suppress(HTTPException):
            held.take(*body)
            bodies.append(body)

        assert held._shares.total == sum(size for _, size in bodies) <= 1_000  # noqa: SLF001 - the count

    for body in bodies:
        held.give_back(*body)
    assert held == Held.within(limit_bytes=1_000, body_bytes=100)


async def test_a_single_body_within_its_own_bound_always_fits() -> None:
    door = Door(held_bytes=1)
    door.opened.set()
    async with door.client() as client:
        answer = await client.post("/", content=BODY, headers={"x-tenant": "mine"})

    assert answer.status_code == 200


async def test_a_body_that_says_it_is_too_long_is_not_read() -> None:
    async def unread() -> AsyncGenerator[bytes, None]:
        pytest.fail("it is read")
        yield b""

    async with Door().client() as client:
        response = await client.post("/", content=unread(), headers={"content-length": "31"})

    assert response.status_code == 413


async def test_a_tenant_may_have_a_quarter_and_no_more() -> None:
    door = Door(held_bytes=400)
    async with door.client() as client, asyncio.TaskGroup() as group:
        for number in range(1, 4):
            group.create_task(client.post("/", content=BODY, headers={"x-tenant": "lab"}))
            await door.reads(number)
        refused = await client.post("/", content=BODY, headers={"x-tenant": "lab"})
        group.create_task(client.post("/", content=BODY, headers={"x-tenant": "other"}))
        await door.reads(4)
        door.opened.set()

    assert refused.status_code == 503
