"""What passes through is billed by what the endpoint says of it."""

from collections.abc import AsyncGenerator

import pytest

from service.adapters.metrics import MeteredModel, Metrics
from service.adapters.token_bill import billed
from service.caller import asking
from service.domain.chat import Message, Sampling
from service.domain.identity import Identity, Quota
from service.services import UpstreamReply
from tests.fakes import FakeChatModel

LIMITED = Identity("lab", frozenset(), quota=Quota(tokens_per_minute=1_000))
TRICK = rb'{"choices":[{"delta":{"content":"\"completion_tokens\":0"}}]}'


async def _pieces(*pieces: bytes) -> AsyncGenerator[bytes, None]:
    for piece in pieces:
        yield piece


def _reply(body: bytes | AsyncGenerator[bytes, None]) -> UpstreamReply:
    return UpstreamReply(200, "application/json", {}, body)


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        (b'{"usage": {"prompt_tokens": 9, "completion_tokens" : 42, "total_tokens": 51}}', 42),
        (b'{"usage":{"input_tokens":9,"output_tokens":7}}', 7),
        (b'{"usage":{"completion_tokens":5},"text":' + TRICK + b"}", 5),
        (b'{"error": {}}', 0),
    ],
)
def test_a_whole_answer_costs_what_it_says(body: bytes, tokens: int) -> None:
    with asking(LIMITED) as account:
        billed(_reply(body))

        assert account.completion_tokens == tokens


@pytest.mark.parametrize(
    ("pieces", "tokens"),
    [
        ([b"data: {}\n\n", b"data: {}\n\ndata: [DONE]\n\n"], 3),
        ([b"data: {}\n\n", b'data: {"usage":{"completion_tokens":42}}\n\n', b"data: [DONE]\n\n"], 42),
        ([b'data: {"usage":{"output_tokens":0}}\n\n', b'data: {"usage":{"output_tokens":9}}\n\n'], 9),
        ([b"data: " + TRICK + b"\n\n"] * 4, 4),
    ],
)
async def test_a_stream_costs_what_it_says_or_else_its_events(pieces: list[bytes], tokens: int) -> None:
    with asking(LIMITED) as account:
        body = billed(_reply(_pieces(*pieces))).body
        assert not isinstance(body, bytes)
        passed = [piece async for piece in body]

        assert (passed, account.completion_tokens) == (pieces, tokens)


async def test_who_leaves_pays_for_what_has_come() -> None:
    with asking(LIMITED) as account:
        body = billed(_reply(_pieces(*[b"data: {}\n\n"] * 9))).body
        assert not isinstance(body, bytes)
        await anext(body)
        await anext(body)
        await body.aclose()

        assert account.completion_tokens == 2


async def test_who_leaves_a_model_that_writes_pays_for_what_has_come() -> None:
    model = MeteredModel(FakeChatModel(["twenty-four characters.\n" * 9]), "critic", Metrics())
    with asking(LIMITED) as account:
        pieces = model.stream([Message("user", "hi")], Sampling())
        await anext(pieces)
        await anext(pieces)
        await pieces.aclose()

        assert account.completion_tokens == 2 * 24 / 4


async def test_nothing_is_read_for_who_has_no_limit() -> None:
    body = _pieces(b"data: {}\n\n")
    with asking(Identity("lab", frozenset())):
        assert billed(_reply(body)).body is body
    await body.aclose()
