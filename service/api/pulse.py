"""Whether the parts can be reached, for whoever wants to know: no key is needed to ask."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request
from pydantic import BaseModel

from service.domain.errors import ServiceError
from service.services import Ping, Services

PING_S = 5.0
FRESH_S = 1.0
"""How long an answer is given again: a flood of probes would else be one at every endpoint, with our key."""


class Part(BaseModel):
    """One part: what plays it, whether it answers, and if not, why."""

    name: str
    ready: bool
    error: str | None = None


@dataclass(slots=True)
class Pulse:
    """One a process."""

    services: Services
    _parts: Mapping[str, Part] = field(default_factory=dict)
    _fresh_until: float = float("-inf")
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def parts(self) -> Mapping[str, Part]:
        """Ping them all, unless somebody just did."""
        now = asyncio.get_running_loop().time
        async with self._asking:
            if now() >= self._fresh_until:
                self._parts = await _pinged(self.services)
                self._fresh_until = now() + FRESH_S
            return self._parts


async def _pinged(services: Services) -> Mapping[str, Part]:
    async with asyncio.TaskGroup() as group:
        pings = {
            part: group.create_task(_part(name, ping)) for part, (name, ping) in _pings(services).items()
        }
    return {part: ping.result() for part, ping in pings.items()}


def _pings(services: Services) -> dict[str, tuple[str, Ping]]:
    generator, critic = services.generator(None), services.critic(None)
    return {
        "generator": (generator.card.name, generator.ping),
        "critic": (critic.card.name, critic.ping),
        "sandbox": ("sandbox", services.ping_sandbox),
        "store": (services.store.name, services.store.ping),
    }


async def _part(name: str, ping: Ping) -> Part:
    try:
        async with asyncio.timeout(PING_S):
            await ping()
    except ServiceError as error:
        return Part(name=name, ready=False, error=str(error)[:300])
    except TimeoutError:
        return Part(name=name, ready=False, error=f"no answer within {PING_S:g} s")
    return Part(name=name, ready=True)


async def _pulse_of(request: Request) -> Pulse:
    return cast(Pulse, request.app.state.pulse)


PulseDep = Annotated[Pulse, Depends(_pulse_of)]
