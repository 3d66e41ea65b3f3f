"""Reads what an answer cost out of its bytes, for tenants whose tokens are limited."""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from service.caller import caller, spend
from service.services import UpstreamReply

# A model's own words cannot be taken for it: inside a JSON string the quotes are escaped.
_USAGE = re.compile(rb'(?<!\\)"(?:completion|output)_tokens"\s*:\s*(\d{1,9})')
_EVENT = re.compile(rb"^data:", re.MULTILINE)


def billed(reply: UpstreamReply) -> UpstreamReply:
    """Put an answer on the bill of whoever asks, as its bytes go by."""
    if caller().quota.tokens_per_minute is None:
        return reply
    if isinstance(reply.body, bytes):
        spend(_stated(reply.body) or 0)
        return reply
    return replace(reply, body=_billed(reply.body))


async def _billed(body: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Bill what the stream says, else its events: an endpoint may tell no usage, or the client may leave."""
    events, stated = 0, None
    try:
        async with aclosing(body):
            async for piece in body:
                events += len(_EVENT.findall(piece))
                stated = _stated(piece) or stated
                yield piece
    finally:
        spend(events if stated is None else stated)


def _stated(piece: bytes) -> int | None:
    """Read the last count in a piece; the first ones of some streams are 0."""
    counts = _USAGE.findall(piece)
    return int(counts[-1]) if counts else None
