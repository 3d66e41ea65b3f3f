"""Messages as chat APIs write them, read for their text."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from service.api.task import PROBLEM_CHARS, RESPONSE_CHARS

_CHARS = PROBLEM_CHARS + RESPONSE_CHARS


class PartIn(BaseModel):
    """A part of a message; only parts with text are read."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str = "text"
    text: str | None = Field(default=None, max_length=_CHARS)


PartsIn = Annotated[list[PartIn], Field(fail_fast=True)]
"""A list without a bound, as that of messages: of many that cannot be, the first is complained of."""


class MessageIn(BaseModel):
    """One turn; whatever else it carries is not read."""

    model_config = ConfigDict(extra="allow", frozen=True)

    role: str | None = None
    content: str | PartsIn | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "".join(part.text or "" for part in self.content)
        return self.content or ""


MessagesIn = Annotated[list[MessageIn], Field(fail_fast=True)]


def said_by(role: str, messages: Sequence[MessageIn]) -> str:
    """All that one side says."""
    return "\n\n".join(message.text for message in messages if message.role == role)
