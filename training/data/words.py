"""A text as the words that stay the same however it is marked up, spelt in capitals or punctuated."""

import html
import re
import unicodedata

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_COMMAND = re.compile(r"\\[a-zA-Z]+")
"""A command of LaTeX: where one statement says "\\leq", another has a sign, which is no word either."""
_WORD = re.compile(r"[^\W_]+")


def normalised_words(text: str) -> list[str]:
    """Words and numbers in small letters, without tags, entities, commands and punctuation."""
    plain = html.unescape(_TAG.sub(" ", text))
    plain = unicodedata.normalize("NFKC", _COMMAND.sub(" ", plain)).casefold()
    return _WORD.findall(plain)
