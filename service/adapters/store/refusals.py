"""What both stores refuse, in the same words."""

from service.domain.errors import OverloadedError, RequestError


def key_reused() -> RequestError:
    """An idempotency key stands for one request."""
    return RequestError("Idempotency-Key", "the key was used for another request; use a new one")


def queue_full(limit: int) -> OverloadedError:
    """The queue has a bound."""
    return OverloadedError(f"{limit} background refinements are unfinished already; try again later")
