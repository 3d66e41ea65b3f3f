"""Text that grows token by token, in whole characters."""

from collections.abc import Sequence
from typing import Protocol

_INCOMPLETE = "\ufffd"


class Decoder(Protocol):
    """Turns tokens into text."""

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens; bytes that are no character yet come out as U+FFFD."""


class Detokenizer:
    """Gives out the text of tokens as soon as its characters are whole.

    A token may hold part of a character, and a decoder may write a token differently after another, so each
    step decodes the last few tokens with and without the new one, and gives out the difference.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._context: list[int] = []
        self._pending: list[int] = []

    def feed(self, token: int) -> str:
        """Return the text that `token` completes."""
        self._pending.append(token)
        text = self._pending_text()
        if not text or text.endswith(_INCOMPLETE):
            return ""
        self._context, self._pending = self._pending, []
        return text

    def flush(self) -> str:
        """Return what is left at the end, whole or not."""
        text = self._pending_text()
        self._context, self._pending = [], []
        return text

    def _pending_text(self) -> str:
        before = self._decoder.decode(self._context)
        return self._decoder.decode(self._context + self._pending)[len(before) :]
