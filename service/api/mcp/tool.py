"""What a tool is: a description for the assistant, a model that checks its arguments, and work to do."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request

from service.api.auth.middleware import demand, identity_of
from service.api.mcp.progress import Progress
from service.api.mcp.schema import Schema, input_schema, plain_schema
from service.api.task import Wire
from service.domain.errors import RequestError
from service.domain.identity import WORK, Role
from service.services import Services

RequestT = TypeVar("RequestT", bound=Wire)

TEXT_CHARS = 16_000
"""Longest program output an assistant is shown: its context is dearer than the rest of the output."""


class Answer(BaseModel, ABC):
    """A tool's structured answer: what an assistant needs, and not all that a program might."""

    model_config = ConfigDict(frozen=True)

    @abstractmethod
    def text(self) -> str:
        """Say the same to a reader."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool."""

    services: Services
    request: Request
    """The HTTP request; its `receive` hears when this call, and not only the connection, is cancelled."""
    progress: Progress


@dataclass(frozen=True, slots=True)
class Tool(Generic[RequestT]):
    """A tool and its work."""

    name: str
    title: str
    description: str
    model: type[RequestT]
    arguments: Mapping[str, str]
    """The model's fields that an assistant may set, and what it is told of each."""
    required: Sequence[str]
    answer: type[Answer]
    work: Callable[[Call, RequestT], Awaitable[Answer]]
    roles: frozenset[Role] = WORK
    """Which keys may call it."""

    async def run(self, call: Call, arguments: Mapping[str, Any]) -> Answer:
        """Check the key and the arguments as REST does, and work."""
        demand(identity_of(call.request.scope), self.roles)
        if unknown := sorted(arguments.keys() - self.arguments.keys()):
            known = ", ".join(self.arguments)
            raise RequestError(unknown[0], f"is no argument of {self.name}; its arguments are {known}")
        if missing := [name for name in self.required if arguments.get(name) is None]:
            raise RequestError(missing[0], "is required")
        return await self.work(call, self.model.model_validate(dict(arguments)))

    @property
    def input_schema(self) -> Schema:
        return input_schema(self.model, self.arguments, self.required)

    @property
    def output_schema(self) -> Schema:
        return plain_schema(self.answer)


def clipped(text: str) -> str:
    """Keep the beginning and the end of a long text, and say what is missing."""
    if len(text) <= TEXT_CHARS:
        return text
    half = TEXT_CHARS // 2
    return f"{text[:half]}\n… {len(text) - 2 * half:,} characters left out …\n{text[-half:]}"
