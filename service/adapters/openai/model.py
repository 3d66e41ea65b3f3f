"""Any endpoint that speaks OpenAI's chat completions, as a `ChatModel`."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from types import TracebackType
from typing import Self

import structlog
from pydantic import SecretStr

from service.adapters.openai.answer import Answer, StreamedAnswer, UnreadableAnswerError
from service.adapters.openai.dialect import Dialect
from service.adapters.openai.endpoint import Endpoint
from service.adapters.openai.failure import Refusal, RefusedError
from service.adapters.openai.patience import Deadline, Patience
from service.adapters.openai.sse import EventDecoder, EventTooLongError
from service.adapters.openai.transport import Reply, Transport
from service.domain.chat import Completion, Message, Sampling
from service.domain.errors import ServiceError

_DONE = "[DONE]"
_DRAIN_S = 0.1

log = structlog.get_logger()


class OpenAIModel:
    """A model behind a base URL: vLLM, a vendor, a router."""

    def __init__(  # noqa: PLR0913 - each by its name
        self,
        name: str,
        base_url: str | Sequence[str],
        model: str,
        api_key: SecretStr | None = None,
        *,
        patience: Patience | None = None,
        salted: bool = False,
    ) -> None:
        """Connections open on the first call; `aclose`, or leaving it as a context, closes them.

        Behind several base URLs, calls about one problem go to the same one while it can take them.
        """
        self.name = name
        self._patience = patience or Patience()
        self._dialect = Dialect(model, salted=salted)
        base_urls = (base_url,) if isinstance(base_url, str) else base_url
        self.transport = Transport(name, base_urls, api_key, self._patience)
        self._endpoint = Endpoint(self.transport)

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[str | Completion, None]:
        """Yield pieces of text as they arrive, and last the whole `Completion`."""
        deadline = Deadline(self._patience.total_s)
        answer, decoder, done = StreamedAnswer(), EventDecoder(), False
        async with await self._ask(messages, sampling, deadline, stream=True) as reply:
            with self._readable():
                while not done and (chunk := await reply.chunk()):
                    events = decoder.feed(chunk)
                    done = _DONE in events
                    # Events that came together go on together.
                    if piece := "".join(answer.feed(self._parse(event)) for event in _until_done(events)):
                        yield piece
                        await reply.gather(self._patience.gather_s)
                completion = answer.completion()
            if done:
                await reply.drain(_DRAIN_S)
        yield completion

    async def complete(
        self, messages: Sequence[Message], sampling: Sampling, n: int = 1
    ) -> tuple[Completion, ...]:
        """Return `n` completions, by one call where the endpoint understands `n`, else by `n` calls."""
        deadline = Deadline(self._patience.total_s)
        done: tuple[Completion, ...] = ()
        if n == 1 or self._dialect.speaks("n"):
            done = (await self._call(messages, sampling, deadline, n))[:n]
            if len(done) == n:
                return done
            self._forget("n")
        missing = [sampling.apart(index) for index in range(len(done), n)]
        return (*done, *await self._call_each(messages, missing, deadline))

    async def aclose(self) -> None:
        """Close its connections."""
        await self.transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _call_each(
        self, messages: Sequence[Message], samplings: Sequence[Sampling], deadline: Deadline
    ) -> list[Completion]:
        try:
            async with asyncio.TaskGroup() as group:
                calls = [group.create_task(self._call(messages, each, deadline, 1)) for each in samplings]
        except* ServiceError as failures:
            raise failures.exceptions[0] from failures
        return [call.result()[0] for call in calls]

    async def _call(
        self, messages: Sequence[Message], sampling: Sampling, deadline: Deadline, n: int
    ) -> tuple[Completion, ...]:
        async with await self._ask(messages, sampling, deadline, n=n) as reply:
            with self._readable():
                return self._parse(await reply.body()).completions()

    async def _ask(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        deadline: Deadline,
        *,
        n: int = 1,
        stream: bool = False,
    ) -> Reply:
        """Send a request; leave out what the endpoint refuses, one parameter at a time."""
        while True:
            payload = self._dialect.payload(messages, sampling, n=n, stream=stream)
            try:
                return await self._endpoint.post(payload, deadline)
            except RefusedError as error:
                refused = self._dialect.learn(error.refusal, payload)
                if refused is None:
                    raise
                log.warning("model_parameter_refused", model=self.name, parameter=refused)

    def _forget(self, parameter: str) -> None:
        self._dialect.drop(parameter)
        log.warning("model_parameter_ignored", model=self.name, parameter=parameter)

    def _parse(self, body: bytes | str) -> Answer:
        """Read an answer; an error inside a 200 is an error."""
        answer = Answer.parse(body)
        if answer.error is not None:
            raise self._endpoint.refused(Refusal.of(200, answer.error))
        return answer

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (UnreadableAnswerError, EventTooLongError) as error:
            raise self._endpoint.error(str(error)) from error


def _until_done(events: Iterable[str]) -> Iterator[str]:
    return takewhile(_DONE.__ne__, events)
