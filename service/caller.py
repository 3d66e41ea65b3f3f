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
    covered: int = 0
    """Tokens that were set aside for it, and are not its tenant's debt therefore."""
    goes_on: bool = False
    """Whether work goes on when the request is over: what was set aside for it stays so."""

    @property
    def due(self) -> int:
        """What it cost beyond what was set aside; below zero, what is left of that."""
        return self.completion_tokens - self.covered


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


def account() -> Account | None:
    """Return the caller and the bill, where somebody asks for this."""
    return _account.get()


def go_on() -> None:
    """Leave work behind that others settle when it ends."""
    account = _account.get()
    if account is not None:
        account.goes_on = True


def spend(completion_tokens: int) -> None:
    """Put tokens on the bill of whoever asks."""
    account = _account.get()
    if account is not None:
        account.completion_tokens += completion_tokens
