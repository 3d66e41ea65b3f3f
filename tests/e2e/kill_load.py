"""Clients that ask on while parts die. What they are told may be a fault, and never something false."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp

from tests.city import City
from tests.scripted_endpoint import FIRST, SECOND, problem, solution
from tests.unit.api.world import events_of

Json = dict[str, Any]

FAULTS = {
    *("/problems/generator-failed", "/problems/critic-failed", "/problems/sandbox-failed"),
    *("/problems/sandbox-busy", "/problems/overloaded"),
}
BROKEN = "connection broken"
PAUSE_S = 0.5


def ask(number: int, **options: object) -> Json:
    tests = [{"args": [1], "expected": 1 + number}]
    return {"problem": problem(number), "entry_point": "f", "tests": tests, **options}


@dataclass
class Load:
    """Counts what its clients were told."""

    city: City
    session: aiohttp.ClientSession
    told: Counter[str] = field(default_factory=Counter)
    """Faults by their problem's type, judgments by their door and status."""
    refined: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)
    numbers: Iterator[int] = field(default_factory=lambda: count(2))

    async def begin(self, gateway: int) -> tuple[int, str]:
        """Have a refinement accepted in the background; return its problem's number and its id."""
        number = next(self.numbers)
        async with self._post(gateway, "/refine", ask(number, background=True)) as answer:
            assert answer.status == 202, await answer.text()
            return number, (await answer.json())["id"]

    async def refine(self, gateway: int, *, stream: bool) -> None:
        """Refine in the foreground, again and again, and once more when everything is back."""
        while True:
            number, last = next(self.numbers), self.over.is_set()
            document = await self._refined(gateway, ask(number, stream=stream))
            if document is not None:
                check(number, document)
                self.refined += 1
                if last:
                    return
            else:
                await asyncio.sleep(PAUSE_S)

    async def judge(self, gateway: int, path: str, body: Json, read: Callable[[Any], list[str]]) -> None:
        """Judge a right program and a wrong one, again and again, and once more when everything is back."""
        while True:
            last = self.over.is_set()
            answer = await self._told(gateway, path, body)
            statuses = [] if answer is None else read(answer)
            self.told.update(f"{path} {status}" for status in statuses)
            if last and "ok" in statuses and "error" not in statuses:
                return
            await asyncio.sleep(PAUSE_S)

    async def felt(self, *faults: str) -> None:
        """Wait until clients have been told of every one of these from now on."""
        before = self.told.copy()
        async with asyncio.timeout(120):
            while any(self.told[fault] <= before[fault] for fault in faults):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def _post(self, gateway: int, path: str, body: Json) -> Any:
        return self.session.post(self.city.gateways[gateway].url + path, json=body)

    async def _refined(self, gateway: int, body: Json) -> Json | None:
        if not body["stream"]:
            document: Json | None = await self._told(gateway, "/refine", body)
            return document
        text = await self._text(gateway, "/refine", body)
        if text is None or not text.startswith("id:"):
            return None
        last = events_of(text.rpartition("\n\n")[0])[-1]
        if last.name == "refinement.failed":
            self._fault(last.data["problem"]["type"])
        return last.data if last.name == "refinement.completed" else None

    async def _told(self, gateway: int, path: str, body: Json) -> Any:
        text = await self._text(gateway, path, body)
        return None if text is None else json.loads(text)

    async def _text(self, gateway: int, path: str, body: Json) -> str | None:
        try:
            async with self._post(gateway, path, body) as answer:
                text: str = await answer.text()
        except aiohttp.ClientError:
            self._fault(BROKEN)
            return None
        if answer.status == 200:
            return text
        assert answer.status in {502, 503}, text
        self._fault(json.loads(text)["type"])
        return None

    def _fault(self, kind: str) -> None:
        assert kind in {*FAULTS, BROKEN}
        self.told[kind] += 1


def check(number: int, document: Json) -> None:
    """A refinement is what it would have been had nobody died."""
    rounds = document["rounds"]
    assert document["status"] == "completed", document
    assert [a_round["solution"] for a_round in rounds] == [FIRST, SECOND, solution(number)]
    assert [a_round["verdict"]["passed"] for a_round in rounds] == [0, 0, 1]
    judgments = [a_round["critique"]["judgment"] for a_round in rounds]
    assert judgments == ["incorrect", "incorrect", "correct"]
    assert (document["solution"], document["tests_passed"]) == (solution(number), True)
