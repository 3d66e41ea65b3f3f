"""Between text and tokens: a checkpoint's tokenizer and chat template.

Text that spells a special token must not become one, or a candidate program could end its own turn and
speak as someone else. Where a message spells one, the spelling is broken by a mark before the template is
rendered; what is still whole then is the template's own, and the rest is encoded as plain text.
Without such a spelling the prompt is encoded exactly as transformers encodes it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from tokenizers import Tokenizer

from service.adapters.embedded.checkpoint import CheckpointError
from service.adapters.embedded.template import ChatTemplate
from service.domain.chat import Message
from service.domain.errors import ContextError

_SURROGATE = re.compile("[\ud800-\udfff]")
_FROM_PRIVATE_USE = range(0xE000, 0x110000)
"""Begins with the private-use area; goes on, lest a message that uses it all up be an error."""


class _TokenText(BaseModel):
    """A special token written out with its properties."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    content: str


class _TokenizerConfig(BaseModel):
    """What `tokenizer_config.json` gives to a chat template."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    chat_template: str | None = None
    bos_token: str | _TokenText | None = None
    eos_token: str | _TokenText | None = None
    unk_token: str | _TokenText | None = None
    sep_token: str | _TokenText | None = None
    pad_token: str | _TokenText | None = None
    cls_token: str | _TokenText | None = None
    mask_token: str | _TokenText | None = None

    def special_tokens(self) -> dict[str, str]:
        """Return the special tokens that a template may name, such as `bos_token`."""
        named = {name: value for name, value in self if name.endswith("_token") and value is not None}
        return {
            name: value.content if isinstance(value, _TokenText) else value for name, value in named.items()
        }


class Text:
    """One checkpoint's way of writing."""

    def __init__(self, tokenizer: Tokenizer, plain: Tokenizer, template: ChatTemplate) -> None:
        """`plain` is the same tokenizer, told to read special tokens' spellings as text."""
        self._tokenizer, self._plain, self._template = tokenizer, plain, template
        added = tokenizer.get_added_tokens_decoder()
        self._special_ids = {token.content: number for number, token in added.items() if token.special}
        spellings = sorted(self._special_ids, key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, spellings)) or r"(?!)")
        self._longest_token = max(map(len, tokenizer.get_vocab(with_added_tokens=True)), default=1)

    @property
    def vocabulary_size(self) -> int:
        """Return one more than the highest token id."""
        return max(self._tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1

    def prompt(self, messages: Sequence[Message], limit: int) -> list[int]:
        """Encode a conversation up to where the assistant begins to speak, at most `limit` tokens."""
        characters = sum(len(message.content) for message in messages)
        # No token is longer than the longest: what cannot fit is not worth encoding to find out.
        if characters > limit * self._longest_token:
            raise ContextError(f"the prompt is far over the model's limit of {limit} tokens")
        if any(_SURROGATE.search(message.content) for message in messages):
            raise ContextError("the prompt holds a lone surrogate, which is no character")
        tokens = self._encoded(messages)
        if len(tokens) > limit:
            raise ContextError(f"the prompt is {len(tokens)} tokens, the model's limit is {limit}")
        return tokens

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens; bytes that are no character yet come out as U+FFFD."""
        return self._tokenizer.decode(tokens, skip_special_tokens=True)

    def spelled(self, token: int) -> str:
        """Return the text of one token, special ones included."""
        return self._tokenizer.decode([token], skip_special_tokens=False)

    def _encoded(self, messages: Sequence[Message]) -> list[int]:
        if not any(self._special.search(message.content) for message in messages):
            return self._tokenizer.encode(self._template.render(messages), add_special_tokens=False).ids
        mark = _unused_character(messages)
        broken = [
            replace(message, content=self._special.sub(lambda m: m[0][0] + mark + m[0][1:], message.content))
            for message in messages
        ]
        return list(self._encoded_apart(self._template.render(broken), mark))

    def _encoded_apart(self, rendered: str, mark: str) -> Iterator[int]:
        """Encode the template's own special tokens as such, all between them as plain text."""
        start = 0
        for found in self._special.finditer(rendered):
            yield from self._plain_ids(rendered[start : found.start()].replace(mark, ""))
            yield self._special_ids[found[0]]
            start = found.end()
        yield from self._plain_ids(rendered[start:].replace(mark, ""))

    def _plain_ids(self, text: str) -> list[int]:
        return self._plain.encode(text, add_special_tokens=False).ids if text else []


def load_text(path: Path) -> Text:
    """Read a checkpoint's tokenizer and chat template."""
    config = _config(path / "tokenizer_config.json")
    file = path / "chat_template.jinja"
    source = file.read_text(encoding="utf-8") if file.is_file() else config.chat_template
    if source is None:
        raise CheckpointError(f"{path} has no chat_template.jinja: export the checkpoint again")
    plain = _tokenizer(path / "tokenizer.json")
    plain.encode_special_tokens = True
    template = ChatTemplate(source, config.special_tokens())
    return Text(_tokenizer(path / "tokenizer.json"), plain, template)


def _config(path: Path) -> _TokenizerConfig:
    try:
        return (
            _TokenizerConfig.model_validate_json(path.read_bytes()) if path.is_file() else _TokenizerConfig()
        )
    except ValidationError as error:
        raise CheckpointError(f"{path} is damaged: export the checkpoint again") from error


def _tokenizer(path: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as error:  # tokenizers raises bare Exception
        raise CheckpointError(f"{path} is damaged ({error}): export the checkpoint again") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _unused_character(messages: Sequence[Message]) -> str:
    """Return a character that no message contains."""
    used = {character for message in messages for character in message.content}
    return next(chr(code) for code in _FROM_PRIVATE_USE if chr(code) not in used)
