"""What can go wrong between a client and the gateway.

GatewayError
├── UnreachableError    nothing answers at the address, or it stopped answering
│   └── AddressError    the address is none
├── AnswerError         what answers is no gateway, or one of another version
├── ProblemError        the gateway refused or failed, and says why (RFC 9457)
└── JobCancelledError   the refinement was cancelled before it had a result
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any


class GatewayError(Exception):
    """Root of this client's errors."""


class UnreachableError(GatewayError):
    """Nothing answers at the address, or it stopped answering."""

    def __init__(self, message: str, *, was_sent: bool = True):
        super().__init__(message)
        self.was_sent = was_sent
        """Whether the request may have been carried out, as far as anyone here knows."""


class AddressError(UnreachableError):
    """What was given as the gateway's address is none."""

    def __init__(self, message: str):
        super().__init__(message, was_sent=False)


class AnswerError(GatewayError):
    """An answer that no gateway of this version gives."""


class JobCancelledError(GatewayError):
    """There will be no result."""


class ProblemError(GatewayError):
    """The gateway answered with a problem; `problem` is the document."""

    def __init__(self, problem: Mapping[str, Any], status: int, retry_after_s: float | None = None):
        self.problem = dict(problem)
        said = problem.get("status")
        self.status = said if isinstance(said, int) else status
        self.retry_after_s = retry_after_s
        """When the gateway wants to be asked again, where it said so."""
        super().__init__(self._message())

    def __reduce__(self) -> tuple[type["ProblemError"], tuple[object, ...]]:
        """Let it pass from process to process; by itself it would be made again of its message alone."""
        return type(self), (self.problem, self.status, self.retry_after_s)

    @property
    def type(self) -> str:
        """Which kind of problem, such as `/problems/overloaded`."""
        return str(self.problem.get("type", "about:blank"))

    @property
    def request_id(self) -> str | None:
        """What the gateway's log has it under."""
        value = self.problem.get("request_id")
        return value if isinstance(value, str) else None

    @property
    def errors(self) -> Sequence[Mapping[str, str]]:
        """The fields that are wrong: `{"field", "message"}`."""
        listed = self.problem.get("errors")
        return [error for error in listed if isinstance(error, Mapping)] if isinstance(listed, list) else ()

    def _message(self) -> str:
        if self.errors:
            return "\n".join(f"{error.get('field')}: {error.get('message')}" for error in self.errors)
        title = self.problem.get("title", f"status {self.status}")
        detail = self.problem.get("detail")
        said = f"{title}: {detail}" if detail else str(title)
        # A gateway's own has an id, and is about something that was named.
        stranger = self.status == HTTPStatus.NOT_FOUND and self.request_id is None
        return f"{said}; is a gateway at this address?" if stranger else said
