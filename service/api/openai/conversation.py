"""What a conversation asks for: the problem, and the draft that is there already.

The problem is the last message of the user, alone: what a chat program tells its model beforehand (system
prompts, a style of answering) is no part of it. The draft is the latest program that the assistant fenced.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from service.api.task import CODE_CHARS
from service.domain.chat import Message, Role
from service.domain.errors import RequestError
from service.domain.fences import blocks, text_lines

_TEXT_PARTS = ("text", "input_text", "output_text")
_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
_FENCES = ("```", "~~~")
_PYTHON = re.compile(r"^[ \t]*(?:```|~~~)[`~ \t]*[{.]*py", re.MULTILINE | re.IGNORECASE)
_AGENTS_TURNS = ("tool", "function")
_AGENTS_ITEMS = ("_call", "_call_output")

Turn = Mapping[str, JsonValue]


def turns_of(messages: JsonValue, field: str = "messages") -> Sequence[Turn]:
    """Read a list of messages, not yet what they say."""
    if not isinstance(messages, list) or not messages:
        raise RequestError(field, f"{field} must be a list of messages, at least one")
    turns = [turn for turn in messages if isinstance(turn, dict)]
    if len(turns) != len(messages):
        raise RequestError(field, f"each of {field} must be an object with role and content")
    return turns


def uses_tools(messages: JsonValue) -> bool:
    """Say whether a tool has already answered in this conversation."""
    turns = [turn for turn in messages if isinstance(turn, dict)] if isinstance(messages, list) else []
    return any(
        turn.get("role") in _AGENTS_TURNS
        or turn.get("tool_calls")
        or str(turn.get("type")).endswith(_AGENTS_ITEMS)
        for turn in turns
    )


def problem_of(turns: Sequence[Turn], field: str = "messages") -> str:
    """Return what the user said last."""
    for number, turn in _backwards(turns):
        if turn.get("role") == "user":
            return _text(turn.get("content"), f"{field}.{number}.content")
    raise RequestError(field, f"{field} has no message of the user, which says what is asked for")


def draft_of(turns: Sequence[Turn], field: str = "messages") -> str | None:
    """Return the assistant's latest message with a program in it, from which the program can be taken.

    No further back than so much fenced text, which is gone through line by line. A program that is longer by
    itself can be no draft, and is returned to be refused.
    """
    left = CODE_CHARS
    for number, turn in _backwards(turns):
        if turn.get("role") != "assistant":
            continue
        text = _text(turn.get("content"), f"{field}.{number}.content")
        if not any(marks in text for marks in _FENCES):
            continue
        left -= len(text)
        if left < 0:
            return text if len(text) > CODE_CHARS and _PYTHON.search(text) else None
        if any(_may_be_python(block.fence.tag) for block in blocks(text_lines(text))):
            return text
    return None


def plain_messages(turns: Sequence[Turn], field: str = "messages") -> list[Message]:
    """Read all of it, for a model that takes text."""
    return [_message(turn, f"{field}.{number}") for number, turn in enumerate(turns)]


def _message(turn: Turn, where: str) -> Message:
    role = _ROLES.get(str(turn.get("role")))
    if role is None:
        raise RequestError(f"{where}.role", f"{where}.role must be one of {', '.join(_ROLES)}")
    return Message(role, _text(turn.get("content"), f"{where}.content"))


def _text(content: JsonValue, where: str) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise RequestError(where, f"{where} must be text or a list of parts")
    return "\n".join(_part(part, f"{where}.{number}") for number, part in enumerate(content))


def _part(part: JsonValue, where: str) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    text = part.get("text") if isinstance(part, dict) else None
    if kind == "refusal":
        return ""
    if kind not in _TEXT_PARTS or not isinstance(text, str):
        raise RequestError(
            where, f'{where}: this model reads text, parts of the form {{"type": "text", "text"}}'
        )
    return text


def _may_be_python(tag: str) -> bool:
    return not tag or tag.lower().lstrip("{.").startswith("py")


def _backwards(turns: Sequence[Turn]) -> Iterator[tuple[int, Turn]]:
    return zip(range(len(turns) - 1, -1, -1), reversed(turns), strict=True)
