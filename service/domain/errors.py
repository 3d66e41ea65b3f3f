"""What can break, named after the boundary crossed.

ServiceError
├── RequestError          the request cannot be carried out as asked
│   ├── UnknownModelError the model named is not configured
│   └── ContextError      a conversation does not fit the model's context
├── ModelError            a model endpoint failed
│   ├── GeneratorError    … in the generator's role
│   └── CriticError       … in the critic's role
├── SandboxError          the sandbox failed
│   └── SandboxBusyError  the sandbox is full; try later
├── StoreError            the store of durable refinements failed; try later
├── CallerError           who asks may not, or not so much
│   ├── UnknownKeyError   … without a key that is known
│   ├── ForbiddenError    … with a key for other things
│   └── QuotaError        … before more of the quota is there
├── OverloadedError       this service is full; try later
├── AbandonedError        too many processes died over it; it is not tried again
└── DeadlineError         time ran out before there was anything to return

A candidate that fails, hangs or explodes is a verdict, never an error.
"""

from collections.abc import Sequence
from typing import Self

_LOGGED_CHARS = 200


class ServiceError(Exception):
    """Root of everything this service raises on purpose."""

    quote = ""
    """What of the message are the words of a part: they may quote a prompt, so that no log may have them."""
    passing = False
    """Whether it says that a part is away or unwell: the same request may succeed later."""

    @property
    def loggable(self) -> str:
        """The message without what is quoted."""
        text = str(self)
        return (text.replace(self.quote, "…") if self.quote else text)[:_LOGGED_CHARS]


class RequestError(ServiceError):
    """The request is well-formed but cannot be carried out; `field` says what to change."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class UnknownModelError(RequestError):
    """No model of that name is configured; the message lists the ones that are."""

    def __init__(self, field: str, name: str, known: Sequence[str]) -> None:
        super().__init__(field, f"unknown model {name!r}; configured models: {', '.join(sorted(known))}")


class ContextError(RequestError):
    """A conversation cannot be put to the model: too long for its context, or not text."""

    def __init__(self, message: str) -> None:
        super().__init__("problem", message)


class ModelError(ServiceError):
    """A model endpoint refused, timed out or answered with something unreadable.

    `retry_after_s` says that it was not asked at all: it fails, and is left alone for so long.
    """

    retry_after_s: int | None = None
    passing = True

    def __init__(self, message: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s

    @classmethod
    def of(cls, error: "ModelError") -> Self:
        """Say the same of the role in which the endpoint was asked."""
        same = cls(str(error), retry_after_s=error.retry_after_s)
        same.quote, same.passing = error.quote, error.passing
        return same


class GeneratorError(ModelError):
    """The generator's endpoint failed."""


class CriticError(ModelError):
    """The critic's endpoint failed."""


class SandboxError(ServiceError):
    """The sandbox could not give a verdict. Says nothing about the candidate."""

    passing = True


class SandboxBusyError(SandboxError):
    """The sandbox's queue is full."""


class StoreError(ServiceError):
    """The store of durable refinements does not answer. Says nothing about the refinements in it."""


class CallerError(ServiceError):
    """Whoever asks may not have what they ask for."""


class UnknownKeyError(CallerError):
    """There is no key, or none that is known."""


class ForbiddenError(CallerError):
    """The key is known, and is for other things."""


class QuotaError(CallerError):
    """The tenant has had what it may have for now."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class OverloadedError(ServiceError):
    """More work is in flight than this process accepts."""

    passing = True


class AbandonedError(ServiceError):
    """A refinement is not tried again: it may be what killed the processes that worked at it."""


class DeadlineError(ServiceError):
    """The time allowed ran out before a first candidate existed."""
