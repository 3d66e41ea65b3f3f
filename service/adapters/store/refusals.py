"""What both stores refuse, in the same words."""

from service.domain.errors import OverloadedError, QuotaError, RequestError

_ENOUGH_RETRY_S = 10.0


def key_reused() -> RequestError:
    """An idempotency key stands for one request."""
    return RequestError("Idempotency-Key", "the key was used for another request; use a new one")


def queue_full(limit: int) -> OverloadedError:
    """The queue has a bound."""
    return OverloadedError(f"{limit} background refinements are unfinished already; try again later")


def tenant_has_enough(limit: int) -> QuotaError:
    """One tenant may not fill it."""
    return QuotaError(
        f"{limit} background refinements of yours are unfinished already; let some end first", _ENOUGH_RETRY_S
    )
