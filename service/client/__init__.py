"""The gateway from Python: `Client` waits, `AsyncClient` does not; both say and know the same."""

from service.client.answers import Job
from service.client.blocking import Client
from service.client.errors import (
    AddressError,
    AnswerError,
    GatewayError,
    JobCancelledError,
    ProblemError,
    UnreachableError,
)
from service.client.patience import Patience
from service.client.settings import DEFAULT_URL
from service.client.sse import ServerEvent
from service.client.waiting import AsyncClient

__all__ = [
    "DEFAULT_URL",
    "AddressError",
    "AnswerError",
    "AsyncClient",
    "Client",
    "GatewayError",
    "Job",
    "JobCancelledError",
    "Patience",
    "ProblemError",
    "ServerEvent",
    "UnreachableError",
]
