"""Who asks: a tenant, and what its key opens."""

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a key may be used for."""

    REFINE = "refine"
    """Refinements, and models by their names."""
    JUDGE = "judge"
    """Judgings, and the trainers' contracts."""
    METRICS = "metrics"
    ADMIN = "admin"
    """Everything."""


WORK = frozenset({Role.REFINE, Role.JUDGE})
ANY = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Quota:
    """How much a tenant may ask for; None is unbounded."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    """Completion tokens: they are what takes time."""
    max_inflight: int | None = None

    @property
    def is_by_the_minute(self) -> bool:
        return self.requests_per_minute is not None or self.tokens_per_minute is not None


@dataclass(frozen=True, slots=True)
class Identity:
    """Whoever holds a key."""

    tenant: str
    roles: frozenset[Role]
    key_id: str = ""
    """The name of the key, for the log; never the key."""
    quota: Quota = field(default_factory=Quota)

    def may(self, roles: frozenset[Role]) -> bool:
        """Whether one of the roles is held."""
        return Role.ADMIN in self.roles or bool(self.roles & roles)


ANYONE = Identity("", frozenset({Role.ADMIN}))
"""Who asks where no keys are asked for."""
