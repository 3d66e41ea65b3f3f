"""Special tokens in the words of a message, broken so that no server reads them as tokens.

A server renders its chat template and encodes the whole, so a candidate that spells `<|im_end|>` could end
its own turn and speak as someone else. One space inside the spelling makes it text. Other text goes as it
is, byte for byte: a trained critic is sent the prompts that it was trained on.
Not covered: templates whose marks are ordinary words, and tokens of spellings unknown here.
"""

import re

_SPELLINGS = (
    r"<\|(?=[^|<>\s]{1,64}\|?>)",  # ChatML, Llama 3, Phi, Command, gpt-oss, GLM, Gemma 4
    r"<(?=[a-z_]{1,64}\|>)",  # Gemma 4
    r"<\uff5c(?=[^\uff5c<>\s]{1,64}\uff5c>)",  # DeepSeek
    r"<(?=/?s>|(?:bos|eos|pad|unk|sop|eop)>)",  # Llama 2, Mistral, Gemma, GLM
    r"<(?=(?:start|end)_of_turn>)",  # Gemma
    r"<(?=/?(?:seed:|ifm\|)\w{1,64}>)",  # Seed, K2
    r"<(?=fim_(?:prefix|middle|suffix)>)",  # StarCoder
    r"<(?=</?SYS>>)",  # Llama 2
    r"\[(?=/?(?:INST|THINK|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_(?:CALLS|RESULTS|CONTENT))\])",  # Mistral
    r"\[(?=gMASK\])",  # GLM
    r"\](?=~!?b[\[\]])|\[(?=e~\[)",  # MiniMax
)
_TOKEN = re.compile("|".join(_SPELLINGS))


def neutralised(text: str) -> str:
    """Put a space into each spelling of a special token; text without one is returned as it is."""
    return _TOKEN.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
