"""What a refinement may still cost: set aside part by part, as it is spent.

What it will cost is not known when it begins. So it is never more than one completion over its tenant's
quota: before the next one it waits for its turn; where that is too far away, it ends with the best it has.
"""

import asyncio
from dataclasses import dataclass

from service.caller import account
from service.domain.limits import Limits


@dataclass(slots=True)
class Allowance:
    """A refinement's part of its tenant's quota, asked for in the context of whoever pays."""

    limits: Limits
    patience_s: float
    """How long it waits for its turns, all of them together."""

    @classmethod
    def of(cls, limits: Limits, tenant: str, patience_s: float) -> "Allowance | None":
        """None: the tenant's tokens are not limited."""
        return cls(limits, patience_s) if limits.set_aside(tenant) else None

    async def __call__(self) -> bool:
        """Wait until another completion may begin; say whether it may."""
        paying = account()
        if paying is None or paying.due < 0:
            return True
        tenant = paying.identity.tenant
        wanted = paying.due + self.limits.set_aside(tenant)
        standing = await self.limits.reserve_more(tenant, wanted, self.patience_s)
        if standing.granted:
            paying.covered += wanted
            self.patience_s -= standing.wait_s
            await asyncio.sleep(standing.wait_s)
        return standing.granted
