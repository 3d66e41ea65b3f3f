"""How much a store keeps, and for how long."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoreBounds:
    """Bounds that both stores hold."""

    ttl_s: float = 86_400.0
    """How long a finished job and an idempotency key are kept."""
    lease_s: float = 15.0
    """How long an owner may be silent before others take its job over."""
    max_events: int = 10_000
    """Events kept of one job; the oldest are let go."""
    max_queued: int = 1_000
    """Jobs not yet finished, of all gateways together."""
    max_of_tenant: int = 250
    """The same of one tenant that has a name."""
