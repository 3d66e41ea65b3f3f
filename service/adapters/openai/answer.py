"""An endpoint's answers, whole or in pieces, as the domain's completions."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from service.domain.chat import Completion, FinishReason, TokenLogprob, TokenUsage

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


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Alternative(_Part):
    token: str
    logprob: float


class _Token(_Alternative):
    top_logprobs: tuple[_Alternative, ...] | None = None

    def logprob_of(self) -> TokenLogprob:
        top: dict[str, float] = {}
        for other in self.top_logprobs or ():
            top.setdefault(other.token, other.logprob)
        return TokenLogprob(self.token, self.logprob, top)


class _Logprobs(_Part):
    content: tuple[_Token, ...] | None = None


class _Text(_Part):
    content: str | None = None


class _Choice(_Part):
    index: int = 0
    message: _Text | None = None
    delta: _Text | None = None
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None

    def tokens(self) -> tuple[TokenLogprob, ...] | None:
        if self.logprobs is None or self.logprobs.content is None:
            return None
        return tuple(token.logprob_of() for token in self.logprobs.content)


class _PromptDetails(_Part):
    cached_tokens: int | None = None


class _Usage(_Part):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None

    def of(self) -> TokenUsage:
        details = self.prompt_tokens_details
        cached = 0 if details is None else details.cached_tokens or 0
        return TokenUsage(self.prompt_tokens or 0, cached, self.completion_tokens or 0)


class Answer(_Part):
    """A whole answer, or one event of a streamed one."""

    choices: tuple[_Choice, ...] = ()
    usage: _Usage | None = None
    error: JsonValue = None

    @classmethod
    def parse(cls, body: bytes | str) -> Self:
        """Read JSON."""
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "JSON"
            raise UnreadableAnswerError(f"the answer is not a chat completion (at {where})") from error

    def completions(self) -> tuple[Completion, ...]:
        """Return one completion a choice; their usages add up to the answer's."""
        if not self.choices:
            raise UnreadableAnswerError("the answer has no choices")
        choices = sorted(self.choices, key=lambda choice: choice.index)
        usages = _shares((self.usage or _Usage()).of(), len(choices))
        return tuple(_completion(choice, usage) for choice, usage in zip(choices, usages, strict=True))


class StreamedAnswer:
    """Puts a streamed answer together."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._tokens: list[TokenLogprob] = []
        self._with_tokens = False
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
        if (tokens := choice.tokens()) is not None:
            self._with_tokens = True
            self._tokens += tokens
        text = (choice.delta and choice.delta.content) or ""
        self._text.append(text)
        return text

    def completion(self) -> Completion:
        """Return the whole, once the server has said why it stopped."""
        if self._reason is None:
            raise UnreadableAnswerError("the stream ended before the completion did")
        tokens = tuple(self._tokens) if self._with_tokens else None
        return Completion("".join(self._text), _reason(self._reason), self._usage, tokens)


def _completion(choice: _Choice, usage: TokenUsage) -> Completion:
    if choice.message is None:
        raise UnreadableAnswerError("a choice has no message")
    return Completion(choice.message.content or "", _reason(choice.finish_reason), usage, choice.tokens())


def _reason(given: str | None) -> FinishReason:
    if given not in _FINISH:
        raise UnreadableAnswerError(f"the answer ended with finish_reason {str(given)[:40]!r}")
    return _FINISH[given]


def _shares(usage: TokenUsage, count: int) -> Sequence[TokenUsage]:
    """Split usage: the prompt was read once, what was written is shared out evenly."""
    each, left = divmod(usage.completion_tokens, count)
    first = TokenUsage(usage.prompt_tokens, usage.cached_tokens, each + left)
    return [first, *[TokenUsage(completion_tokens=each)] * (count - 1)]
