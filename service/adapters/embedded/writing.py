"""One completion being written: its tokens, its cache, its random numbers, its text so far."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.adapters.embedded.cache import KeyValues
from service.adapters.embedded.detokenizer import Detokenizer
from service.adapters.embedded.sampling import Sampler, likeliest, log_softmax
from service.adapters.embedded.stop import StopFilter
from service.adapters.embedded.text import Text
from service.adapters.embedded.ticket import Ticket
from service.adapters.embedded.weights import Floats
from service.domain.chat import Completion, FinishReason, TokenLogprob, TokenUsage


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of the worker."""

    prompt: Sequence[int]
    max_tokens: int
    end_tokens: frozenset[int]
    stop: tuple[str, ...] = ()
    logprobs: int | None = None


class Writing:
    """An order being carried out. All but the ticket belongs to the worker."""

    def __init__(self, order: Order, sampler: Sampler, text: Text, ticket: Ticket) -> None:
        self.order, self.ticket = order, ticket
        self.cache: KeyValues | None = None
        self.cached_tokens = 0
        self.tokens: list[int] = []
        self.finished = False
        self._sampler, self._text = sampler, text
        self._detokenizer, self._filter = Detokenizer(text), StopFilter(order.stop)
        self._written: list[str] = []
        self._logprobs: list[TokenLogprob] = []

    def accept(self, logits: Floats) -> None:
        """Choose the next token, pass on the text it completes, and finish where it is time to."""
        token = self._sampler.pick(logits)
        self.tokens.append(token)
        if token in self.order.end_tokens:
            self._finish("stop")
            return
        if self.order.logprobs is not None:
            self._logprobs.append(self._logprob(logits, token, self.order.logprobs))
        self._pass_on(self._filter.feed(self._detokenizer.feed(token)))
        if self._filter.stopped:
            self._finish("stop")
        elif len(self.tokens) == self.order.max_tokens:
            self._finish("length")

    def _pass_on(self, piece: str) -> None:
        self._written.append(piece)
        self.ticket.write(piece)

    def _finish(self, reason: FinishReason) -> None:
        if not self._filter.stopped:
            self._pass_on(self._filter.feed(self._detokenizer.flush()))
            # What was held back may have become a stop string with its last, incomplete character.
            reason = "stop" if self._filter.stopped else reason
            self._pass_on(self._filter.flush())
        self.finished = True
        self.ticket.settle(self._completion(reason))

    def _completion(self, reason: FinishReason) -> Completion:
        usage = TokenUsage(len(self.order.prompt), self.cached_tokens, len(self.tokens))
        logprobs = None if self.order.logprobs is None else tuple(self._logprobs)
        return Completion("".join(self._written), reason, usage, logprobs)

    def _logprob(self, logits: Floats, token: int, alternatives: int) -> TokenLogprob:
        logprobs = log_softmax(logits)
        top: dict[str, float] = {}
        for other in likeliest(logprobs, alternatives):
            # Two tokens may have one text (bytes that are no character): the likelier one speaks for it.
            top.setdefault(self._text.spelled(other), float(logprobs[other]))
        return TokenLogprob(self._text.spelled(token), float(logprobs[token]), top)
