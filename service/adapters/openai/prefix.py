"""What the calls about one problem share, so that one replica's prefix cache serves them all."""

from collections.abc import Mapping

from pydantic_core import to_json

_BEGINS, _ENDS = "<problem>", "</problem>"


def shared_part(body: Mapping[str, object]) -> str:
    """Return the problem, where the wording marks it as ours does, else what the user said first.

    A critic's wording without the marks has the candidate in the same message: its calls are spread by
    candidate then.
    """
    turns = body.get("messages") or body.get("input") or ""
    text = turns if isinstance(turns, str) else _first_of_user(turns)
    begin = text.find(_BEGINS)
    end = text.find(_ENDS, begin)
    return text[begin:end] if 0 <= begin < end else text


def _first_of_user(turns: object) -> str:
    asked = (
        turn.get("content")
        for turn in (turns if isinstance(turns, list) else ())
        if isinstance(turn, Mapping) and turn.get("role") == "user"
    )
    content = next(asked, turns)
    return content if isinstance(content, str) else to_json(content).decode()
