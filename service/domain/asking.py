"""Completions of a chat model, with more room for one that spent all of its tokens on a thought.

A model that reasons writes thousands of tokens before its answer, and what is usual for an answer cuts them
short: nothing is left of such a completion. So it is asked once more, with a cap that leaves it the room.
"""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

from service.domain.chat import ChatModel, Completion, Message, Sampling
from service.domain.errors import ModelError, ServiceError
from service.domain.ports import OnText
from service.domain.thought import without_thought

WIDER = 16
"""Times the cap: of the usual 1,024 tokens, 16,384."""


async def ask(
    model: ChatModel, messages: Sequence[Message], sampling: Sampling, on_text: OnText | None
) -> Completion:
    """Pass the text on and return the completion. Closing the stream cancels the work upstream."""
    done = await _told(model, messages, _capped(sampling), on_text)
    wider = _wider(sampling, [done])
    if wider is None:
        return done
    try:
        return _instead_of(done, await _told(model, messages, wider, on_text))
    except ServiceError as error:
        _must_be_a_refusal(error)
        return done


async def ask_often(
    model: ChatModel, messages: Sequence[Message], sampling: Sampling, n: int
) -> tuple[Completion, ...]:
    """Return `n` completions."""
    done = await model.complete(messages, _capped(sampling), n)
    lost = [index for index, completion in enumerate(done) if _is_thought_alone(completion)]
    wider = _wider(sampling, [done[index] for index in lost])
    if wider is None:
        return done
    try:
        again = dict(zip(lost, await model.complete(messages, wider, len(lost)), strict=True))
    except ServiceError as error:
        _must_be_a_refusal(error)
        return done
    return tuple(
        _instead_of(each, again[index]) if index in again else each for index, each in enumerate(done)
    )


def _is_thought_alone(completion: Completion) -> bool:
    return completion.finish_reason == "length" and not without_thought(completion.text).strip()


def _wider(sampling: Sampling, lost: Sequence[Completion]) -> Sampling | None:
    """More room for those that are lost, if any is and there is any."""
    if sampling.max_tokens is None or not any(map(_is_thought_alone, lost)):
        return None
    wanted = WIDER * sampling.max_tokens
    if sampling.room is not None:
        spent = sum(completion.usage.completion_tokens for completion in lost)
        wanted = min(wanted, (sampling.room - spent) // len(lost))
    return replace(sampling, max_tokens=wanted, room=None) if wanted > sampling.max_tokens else None


def _capped(sampling: Sampling) -> Sampling:
    return sampling if sampling.room is None else replace(sampling, room=None)


def _instead_of(lost: Completion, completion: Completion) -> Completion:
    """Both were written, and are paid for."""
    return replace(completion, usage=lost.usage + completion.usage)


def _must_be_a_refusal(error: ServiceError) -> None:
    """An endpoint may not have the room, and says so; that it fails is no answer."""
    if error.passing:
        raise error


async def _told(
    model: ChatModel, messages: Sequence[Message], sampling: Sampling, on_text: OnText | None
) -> Completion:
    if on_text is None or not on_text.along:
        completion, *_ = await model.complete(messages, sampling)
        if on_text is not None and completion.text:
            await on_text(completion.text)
        return completion
    async with aclosing(model.stream(messages, sampling)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Completion):
                return piece
            await on_text(piece)
    raise ModelError(f"{model.name}: the stream ended before the completion did")
