"""Who asks in this context, and what they have spent: known wherever a request's work goes on.

A context variable, because models are called far below whoever knows the request, and tasks inherit it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from service.domain.identity import ANYONE, Identity


@dataclass(slots=True)
class Account:
    """One request's caller and bill."""

    identity: Identity
    completion_tokens: int = 0
    goes_on: bool = False
    """Whether work goes on when the request is over: what was set aside for it stays so."""


_account: ContextVar[Account | None] = ContextVar("account", default=None)


@contextmanager
def asking(identity: Identity) -> Iterator[Account]:
    """Let what is done inside be done for somebody."""
    account = Account(identity)
    token = _account.set(account)
    try:
        yield account
    finally:
        _account.reset(token)


def caller() -> Identity:
    """Return for whom this is done; work of nobody's, such as a ping, is anyone's."""
    account = _account.get()
    return ANYONE if account is None else account.identity


def bill() -> int:
    """Return the completion tokens spent so far."""
    account = _account.get()
    return 0 if account is None else account.completion_tokens


def go_on() -> None:
    """Leave work behind that others settle when it ends."""
    account = _account.get()
    if account is not None:
        account.goes_on = True


def goes_on() -> bool:
    """Say whether this request has left work behind."""
    account = _account.get()
    return account is not None and account.goes_on


def spend(completion_tokens: int) -> None:
    """Put tokens on the bill of whoever asks."""
    account = _account.get()
    if account is not None:
        account.completion_tokens += completion_tokens
