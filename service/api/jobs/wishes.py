"""What a request's headers ask for beside its body: to be carried out once, and to be answered in time."""

import hashlib
import re
from dataclasses import dataclass
from typing import Annotated, Self

from fastapi import Depends, Header, Request

from service.domain.errors import RequestError
from service.store import Claim

KEY_CHARS = 255
WAIT_S = 3_600

_WAIT = re.compile(r"(?:^|,|;)\s*wait\s*=\s*\"?(\d{1,9})\"?\s*(?=$|,|;)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wishes:
    """`key`: the idempotency key. `wait_s`: how long the client waits before it takes a handle instead."""

    tenant: str = ""
    key: str | None = None
    wait_s: int | None = None

    @classmethod
    def of(cls, tenant: str, key: str | None, prefer: str | None) -> Self:
        """Read the headers. A preference that cannot be understood is ignored, as RFC 7240 has it."""
        if key is not None and not (0 < len(key) <= KEY_CHARS and key.isprintable()):
            raise RequestError("Idempotency-Key", f"must be 1 to {KEY_CHARS} printable characters")
        return cls(tenant, key, preferred_wait_s(prefer))

    def claim(self, body: str) -> Claim | None:
        """Claim the key for a request. Tenants cannot meet: neither of them can contain a zero byte."""
        if self.key is None:
            return None
        return Claim(_digest(f"{self.tenant}\0{self.key}"), _digest(body))


def preferred_wait_s(prefer: str | None) -> int | None:
    """Read how long a client would wait."""
    wait = _WAIT.search(prefer or "")
    return None if wait is None else min(int(wait[1]), WAIT_S)


def tenant_of(request: Request) -> str:
    """Return whose request it is; everybody is one tenant until somebody says otherwise."""
    tenant: object = request.scope.get("tenant", "")
    return tenant if isinstance(tenant, str) else ""


async def _wishes(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(description="A request with the key of an earlier one joins it, or gets its result."),
    ] = None,
    prefer: Annotated[
        str | None, Header(description="`wait=N`: answer with 202 and a handle after N seconds.")
    ] = None,
) -> Wishes:
    return Wishes.of(tenant_of(request), idempotency_key, prefer)


def wishes_of(request: Request) -> Wishes:
    """Read them without FastAPI's help."""
    headers = request.headers
    return Wishes.of(tenant_of(request), headers.get("idempotency-key"), headers.get("prefer"))


WishesDep = Annotated[Wishes, Depends(_wishes)]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
