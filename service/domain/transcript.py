"""A conversation that a trainer sends as text, its chat template's tokens included, taken apart.

The template is the one whose mark comes first: a response that spells another template's tokens gains
nothing by it. Text of no known template is one turn of nobody.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_OPENERS = tuple(
    re.compile(pattern)
    for pattern in (
        r"<\|im_start\|>(?P<role>\w+)\n?",  # Qwen and others: ChatML
        r"<\|start_header_id\|>(?P<role>\w+)<\|end_header_id\|>\n{0,2}",  # Llama 3
        r"<start_of_turn>(?P<role>\w+)\n?",  # Gemma
        r"<\|turn>(?P<role>\w+)\n?",  # Gemma 4
        r"<\|im_(?P<role>system|user|assistant)\|>\w+<\|im_middle\|>",  # Kimi
        r"\]~b\](?P<role>\w+)\n?",  # MiniMax
        r"<\|start\|>(?P<role>\w+)(?:(?:<\|channel\|>final)?<\|message\|>|(?=<\|channel\|>))",  # gpt-oss
        r"<\|(?P<role>system|user|assistant)\|>\n?",  # Phi, Zephyr, GLM, this project's mini models
        r"<\uff5c(?P<role>User|Assistant)\uff5c>",  # DeepSeek
        r"<\|START_OF_TURN_TOKEN\|><\|(?P<role>USER|CHATBOT|SYSTEM)_TOKEN\|>",  # Command
        r"\[(?P<role>/?INST)\] ?",  # Mistral, Llama 2
    )
)
_PLAIN = re.compile(r"(?:\A|(?<=\n))(?P<role>Human|User|Assistant): ?")
"""OpenRLHF's own input template, whose marks are words: only text that begins with one is in it."""
_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "inst": "user",
    "assistant": "assistant",
    "model": "assistant",
    "ai": "assistant",
    "chatbot": "assistant",
    "/inst": "assistant",
}
_END = re.compile(
    r"(?:<\|[^|<>\s]{1,64}\|>|<\uff5c[^\uff5c<>\s]{1,64}\uff5c>|</?s>|<eos>|<pad>"
    r"|<end_of_turn>|<turn\|>|<seed:eos>|\[e~\[)\Z"
)
_LONGEST_END = 80


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says; `role` is system, user or assistant, or what the template calls it."""

    role: str
    text: str


def turns(text: str) -> list[Turn]:
    """Split at the marks of the template that the text is written in; empty where it is in none."""
    if _PLAIN.match(text):
        return list(_turns(text, _PLAIN))
    first = [(found.start(), opener) for opener in _OPENERS if (found := opener.search(text))]
    if not first:
        return []
    return list(_turns(text, min(first, key=lambda each: each[0])[1]))


def problem_in(prompt: str) -> str:
    """What the user asks in a prompt; the whole of one in no known template."""
    asked = [turn.text for turn in turns(prompt) if turn.role == "user"]
    return "\n\n".join(asked).strip() or prompt.strip()


def response_in(query: str, prompt: str) -> str:
    """Cut the response out of a query: what follows the prompt, else what the assistant says last."""
    if prompt and prompt in query:
        return without_end(query.partition(prompt)[2])
    said = [turn.text for turn in turns(query) if turn.role == "assistant"]
    return said[-1] if said else without_end(query)


def without_end(text: str) -> str:
    """Drop the tokens that end a turn, the padding after it, and white space around it."""
    return without_end_tokens(text.strip())


def without_end_tokens(text: str) -> str:
    """Drop the tokens that end a turn; without any the text is whole."""
    end = len(text)
    while found := _END.search(text, max(0, end - _LONGEST_END), end):
        end = found.start()
        while end and text[end - 1].isspace():
            end -= 1
    return text[:end]


def _turns(text: str, opener: re.Pattern[str]) -> Iterator[Turn]:
    marks = list(opener.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        role = mark["role"].lower()
        yield Turn(_ROLES.get(role, role), without_end(text[mark.end() : end]))
