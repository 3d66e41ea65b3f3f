"""The thinking that a reasoning model writes before its answer."""

import re

from service.domain.fences import text_lines, unfenced

_CLOSE = "</think>"
_TAGS = {
    "<think>": _CLOSE,
    "<|channel>": "<channel|>",  # Gemma 4
    "<seed:think>": "</seed:think>",
    "[THINK]": "[/THINK]",  # Mistral
}
_ENDS_BY_IT = re.compile(rf"{_CLOSE}(?P<rest>\s*(?:(?:```|~~~)\w*\s*)?)\Z")
"""The rest of a line: nothing, or the fence of the answer."""

_CHANNELS = ("<|channel|>", "<|start|>assistant<|channel|>")
_FINAL = re.compile(
    r"(?:\A|<\|start\|>assistant)<\|channel\|>final[^<]{0,80}(?:<\|constrain\|>[^<]{0,80})?<\|message\|>"
)
_BARE_CHANNEL, _BARE_FINAL = "analysis", "assistantfinal"
"""The same, decoded without the special tokens."""


def without_thought(text: str) -> str:
    """Return the answer alone; nothing where the model never came out of its thoughts.

    Some chat templates write the opening tag into the prompt. Then only a closing tag that ends its
    line, outside fences, ends a thought: a program that handles the tag as text keeps its lines.
    """
    start = text.lstrip()
    for opening, closing in _TAGS.items():
        if start.startswith(opening):
            return text.partition(closing)[2]
    if start.startswith(_CHANNELS):
        return _final(start)
    if start.startswith(_BARE_CHANNEL) and _BARE_FINAL in start:
        return start.rpartition(_BARE_FINAL)[2]
    if _CLOSE not in text:
        return text
    lines = text_lines(text)
    for number, free in enumerate(unfenced(lines)):
        if free and (end := _ENDS_BY_IT.search(lines[number])):
            return "\n".join([end["rest"].strip(), *lines[number + 1 :]])
    return text


def _final(text: str) -> str:
    """Of gpt-oss' channels the final one speaks to the user; the others hold thoughts and calls of tools."""
    marks = list(_FINAL.finditer(text))
    return text[marks[-1].end() :] if marks else ""
