"""An endpoint's answers, whole or in pieces, as the domain's completions.

Tokens are most of an answer and of no interest but for the few at the judgment: each stays JSON until it is
looked at.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Self, overload

import msgspec

from service.domain.chat import Completion, FinishReason, TokenLogprob, TokenUsage
from service.domain.errors import ModelError

_FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    # Nothing offered tools; a server that ends this way has ended its turn.
    "tool_calls": "stop",
    "function_call": "stop",
    "end_turn": "stop",
    "eos": "stop",
    "max_tokens": "length",
}


class UnreadableAnswerError(Exception):
    """The endpoint answered with something that is not a completion; the message says what."""


class _Part(msgspec.Struct, frozen=True):
    """Fields that are not named are skipped."""


class _Alternative(_Part, frozen=True):
    token: str
    logprob: float


class _Token(_Alternative, frozen=True):
    top_logprobs: list[_Alternative] | None = None

    def read(self) -> TokenLogprob:
        top: dict[str, float] = {}
        for other in self.top_logprobs or ():
            top.setdefault(other.token, other.logprob)
        return TokenLogprob(self.token, self.logprob, top)


_TOKEN = msgspec.json.Decoder(_Token, strict=False)


class Tokens(Sequence[TokenLogprob]):
    """Logprobs as the endpoint wrote them, read one by one."""

    def __init__(self, written: Sequence[msgspec.Raw]) -> None:
        self._written = written

    def __len__(self) -> int:
        return len(self._written)

    @overload
    def __getitem__(self, index: int) -> TokenLogprob: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TokenLogprob]: ...
    def __getitem__(self, index: int | slice) -> TokenLogprob | Sequence[TokenLogprob]:
        if isinstance(index, slice):
            return Tokens(self._written[index])
        return _read(self._written[index])

    def __iter__(self) -> Iterator[TokenLogprob]:
        return map(_read, self._written)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]


def _read(written: msgspec.Raw) -> TokenLogprob:
    try:
        return _TOKEN.decode(written).read()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ModelError("the logprobs of the answer cannot be read") from error


class _Logprobs(_Part, frozen=True):
    content: list[msgspec.Raw] | None = None


class _Text(_Part, frozen=True):
    content: str | None = None


class _Choice(_Part, frozen=True):
    index: int = 0
    message: _Text | None = None
    delta: _Text | None = None
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None

    @property
    def written(self) -> list[msgspec.Raw] | None:
        return None if self.logprobs is None else self.logprobs.content

    def completion(self, usage: TokenUsage) -> Completion:
        if self.message is None:
            raise UnreadableAnswerError("a choice has no message")
        tokens = None if self.written is None else Tokens(self.written)
        return Completion(self.message.content or "", _reason(self.finish_reason), usage, tokens)


_MOST_TOKENS = 2**40


class _PromptDetails(_Part, frozen=True):
    cached_tokens: int | None = None


class _Usage(_Part, frozen=True):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None

    def of(self) -> TokenUsage:
        details = self.prompt_tokens_details
        cached = None if details is None else details.cached_tokens
        return TokenUsage(*map(_count, (self.prompt_tokens, cached, self.completion_tokens)))


def _count(told: int | None) -> int:
    """A number that cannot be one is none: it would be on a tenant's bill."""
    return told if told is not None and 0 <= told <= _MOST_TOKENS else 0


class Answer(_Part, frozen=True):
    """A whole answer, or one event of a streamed one."""

    choices: list[_Choice] = msgspec.field(default_factory=list)
    usage: _Usage | None = None
    error: Any = None

    @classmethod
    def parse(cls, body: bytes | str) -> Self:
        """Read JSON."""
        try:
            return msgspec.json.decode(body, type=cls, strict=False)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise UnreadableAnswerError(f"the answer is not a chat completion ({_where(error)})") from error

    def completions(self) -> tuple[Completion, ...]:
        """Return one completion a choice; their usages add up to the answer's."""
        if not self.choices:
            raise UnreadableAnswerError("the answer has no choices")
        choices = sorted(self.choices, key=lambda choice: choice.index)
        usages = _shares((self.usage or _Usage()).of(), len(choices))
        return tuple(choice.completion(usage) for choice, usage in zip(choices, usages, strict=True))


class StreamedAnswer:
    """Puts a streamed answer together."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._written: list[msgspec.Raw] | None = None
        self._reason: str | None = None
        self._usage = TokenUsage()

    def feed(self, event: Answer) -> str:
        """Take an event in; return its text."""
        if event.usage is not None:
            self._usage = event.usage.of()
        choice = next((choice for choice in event.choices if choice.index == 0), None)
        if choice is None:
            return ""
        self._reason = choice.finish_reason or self._reason
        if choice.written is not None:
            if self._written is None:
                self._written = []
            # Copied out of its event, which would be kept for it.
            self._written += [token.copy() for token in choice.written]
        text = (choice.delta and choice.delta.content) or ""
        self._text.append(text)
        return text

    def completion(self) -> Completion:
        """Return the whole, once the server has said why it stopped."""
        if self._reason is None:
            raise UnreadableAnswerError("the stream ended before the completion did")
        tokens = None if self._written is None else Tokens(self._written)
        return Completion("".join(self._text), _reason(self._reason), self._usage, tokens)


def _where(error: Exception) -> str:
    """Say where an answer is wrong, without quoting it."""
    if isinstance(error, msgspec.ValidationError):
        return str(error).rpartition("`")[0].rpartition("`")[2] or "$"
    return "not JSON"


def _reason(given: str | None) -> FinishReason:
    if given not in _FINISH:
        raise UnreadableAnswerError(f"the answer ended with finish_reason {str(given)[:40]!r}")
    return _FINISH[given]


def _shares(usage: TokenUsage, count: int) -> Sequence[TokenUsage]:
    """Split usage: the prompt was read once, what was written is shared out evenly."""
    each, left = divmod(usage.completion_tokens, count)
    first = TokenUsage(usage.prompt_tokens, usage.cached_tokens, each + left)
    return [first, *[TokenUsage(completion_tokens=each)] * (count - 1)]
