"""The thinking that a reasoning model writes before its answer."""

from service.domain.fences import text_lines, unfenced

_OPEN = "<think>"
_CLOSE = "</think>"


def without_thought(text: str) -> str:
    """Return the answer alone; nothing where the model never came out of its thoughts.

    Some chat templates write the opening tag into the prompt. Then only a closing tag that ends its
    line, outside fences, ends a thought: a program that handles the tag as text keeps its lines.
    """
    if text.lstrip().startswith(_OPEN):
        return text.partition(_CLOSE)[2]
    if _CLOSE not in text:
        return text
    lines = text_lines(text)
    for number, free in enumerate(unfenced(lines)):
        if free and lines[number].rstrip().endswith(_CLOSE):
            return "\n".join(lines[number + 1 :])
    return text
