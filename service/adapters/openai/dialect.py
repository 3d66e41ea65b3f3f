"""Which parameters an endpoint understands: all of them, until it refuses one."""

import re
from collections.abc import Sequence

from pydantic import JsonValue

from service.adapters.openai.endpoint import Payload
from service.adapters.openai.failure import Refusal
from service.adapters.openai.neutral import neutralised
from service.adapters.openai.salt import SALT, cache_salt
from service.domain.chat import Message, Sampling

_TOGETHER = ("logprobs", "top_logprobs")
_OPTIONAL = ("seed", "temperature", "top_p", "stream_options", "n", *_TOGETHER)
"""What a completion can do without. `stop` is not among them: it changes what is written."""

_UNSUPPORTED = re.compile(
    r"unsupported|not support|unknown|unrecogni[sz]ed|unexpected|extra|not permitted|not allowed|forbidden"
    r"|not available|not implemented|instead",
    re.IGNORECASE,
)
_REFUSING = (400, 422, 501)


class Dialect:
    """Writes requests, and forgets a parameter once it was refused."""

    def __init__(self, model: str, *, salted: bool = False) -> None:
        """`salted`: every request says whose part of the prefix cache it may use; never left out."""
        self._model, self._salted = model, salted
        self._dropped: set[str] = set()
        self._length = "max_tokens"

    def speaks(self, parameter: str) -> bool:
        """Say whether the endpoint has not refused a parameter."""
        return parameter not in self._dropped

    def drop(self, parameter: str) -> None:
        """Stop sending a parameter."""
        self._dropped.update(_TOGETHER if parameter in _TOGETHER else (parameter,))

    def payload(
        self, messages: Sequence[Message], sampling: Sampling, *, n: int = 1, stream: bool = False
    ) -> Payload:
        """Write a request."""
        wanted: dict[str, JsonValue] = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            self._length: sampling.max_tokens,
            "seed": sampling.seed,
            "stop": list(sampling.stop) or None,
            "logprobs": None if sampling.logprobs is None else True,
            "top_logprobs": sampling.logprobs,
            "n": n if n > 1 else None,
            "stream_options": {"include_usage": True} if stream else None,
        }
        return {
            "model": self._model,
            "messages": [
                {"role": message.role, "content": neutralised(message.content)} for message in messages
            ],
            "stream": stream,
            **({SALT: cache_salt()} if self._salted else {}),
            **{key: value for key, value in wanted.items() if value is not None and self.speaks(key)},
        }

    def learn(self, refusal: Refusal, payload: Payload) -> str | None:
        """Stop sending the parameter of `payload` that was refused, and return it; None: it was none."""
        about = f"{refusal.code} {refusal.message}"
        if refusal.status not in _REFUSING or not _UNSUPPORTED.search(about):
            return None
        if "max_tokens" in payload and "max_completion_tokens" in about:
            self._length = "max_completion_tokens"
            return "max_tokens"
        refused = next((name for name in _OPTIONAL if name in payload and _names(refusal, name)), None)
        if refused is not None:
            self.drop(refused)
        return refused


def _names(refusal: Refusal, parameter: str) -> bool:
    """Say whether a refusal is about a parameter: by its field, or quoted, or as a word unless too short."""
    if refusal.param:
        return refusal.param.split(".")[0] == parameter
    pattern = rf"""["'`]{parameter}["'`]""" if len(parameter) == 1 else rf"\b{parameter}\b"
    return re.search(pattern, refusal.message) is not None
