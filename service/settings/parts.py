"""The sandbox and the store."""

from pydantic import Field, HttpUrl, PositiveFloat, PositiveInt, SecretStr, field_validator

from service.settings.environment import variable
from service.settings.section import BaseUrl, Section


class SandboxSection(Section):
    """Where programs are run."""

    url: BaseUrl = HttpUrl("http://127.0.0.1:8080")
    timeout_s: PositiveFloat = 60.0
    """Bound of what is not the program's own time: waiting for a place in the queue, and sending again."""
    test_s: PositiveFloat = 20.0
    """Time for each test besides: the sandbox's limit on the clock (12 s), and what comes around it."""
    connections: PositiveInt = 32


STORE_SCHEMES = ("redis://", "rediss://", "unix://")


class StoreSection(Section):
    """Where durable refinements are kept."""

    url: SecretStr = SecretStr("")
    """`redis://host:6379/0`, `rediss://…` or `unix:///…`; empty keeps them in this process."""
    password_env: str | None = Field(default=None, min_length=1)
    prefix: str = Field(default="ctrl:", max_length=64)
    """Put before every key, so that services may share a Redis."""
    timeout_s: float = Field(default=0.5, gt=0, le=10)
    """How long Redis may be silent when connected to, and when asked, before that counts as a failure."""
    ttl_s: float = Field(default=86_400.0, gt=0, le=315_360_000)
    """How long a finished refinement and an idempotency key are kept."""
    lease_s: float = Field(default=15.0, ge=0.5)
    """How long a gateway may be silent before another one takes its refinements over."""
    max_background: int = Field(default=8, ge=0)
    """Background refinements this process works at; 0 leaves them to others."""
    max_events: int = Field(default=10_000, ge=16)
    """Events kept of one refinement; the oldest are let go."""
    max_queued: PositiveInt = 1_000
    """Unfinished background refinements, of all gateways together."""
    max_queued_of_tenant: PositiveInt = 250
    """The same of one tenant, where there are keys."""

    @field_validator("url")
    @classmethod
    def _is_redis(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value() and not url.get_secret_value().startswith(STORE_SCHEMES):
            raise ValueError('must be "" or begin with redis://, rediss:// or unix://')
        return url

    def password(self) -> SecretStr | None:
        """Read the password from the variable named."""
        if self.password_env is None:
            return None
        return SecretStr(variable(self.password_env, "store.password_env"))
