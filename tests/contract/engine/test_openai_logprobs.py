"""Logprobs stay as the endpoint wrote them until they are looked at, and say the same."""

import json
import math
from typing import Any

import pytest

from service.adapters.openai import OpenAIModel
from service.domain.chat import Sampling, TokenLogprob
from service.domain.errors import ModelError
from service.domain.scoring import probability_of_correct
from tests.openai_server import DONE, HI, ChatServer, event, reply, streamed

ASKED = Sampling(temperature=0, logprobs=2)


def token(text: str, **top: float) -> dict[str, Any]:
    alternatives = [{"token": other, "logprob": math.log(p), "bytes": [1]} for other, p in top.items()]
    return {
        "token": text,
        "logprob": math.log(top.get(text, 1.0)),
        "bytes": None,
        "top_logprobs": alternatives,
    }


CRITIQUE = [*[token("word ")] * 300, token("In", In=0.75, Cor=0.25), token("correct")]


def answer_of(tokens: list[Any]) -> dict[str, Any]:
    choice = {"message": {"content": "x"}, "finish_reason": "stop", "logprobs": {"content": tokens}}
    return {"choices": [choice]}


async def test_they_are_a_sequence_of_what_was_written(server: ChatServer, model: OpenAIModel) -> None:
    server.answer(reply(answer_of([token("a", a=0.5, b=0.25), token("é")])))

    ((completion,), known) = await model.complete(HI, ASKED), math.log(0.5)

    assert completion.logprobs is not None
    assert list(completion.logprobs) == [
        TokenLogprob("a", known, {"a": known, "b": math.log(0.25)}),
        TokenLogprob("é", 0.0),
    ]
    assert completion.logprobs[-1:] == [TokenLogprob("é", 0.0)]


async def test_a_score_is_read_from_them(server: ChatServer, model: OpenAIModel) -> None:
    server.answer(reply(answer_of(CRITIQUE)))

    (completion,) = await model.complete(HI, ASKED)

    assert probability_of_correct(completion.logprobs or ()) == pytest.approx(0.25)


async def test_those_of_a_stream_are_put_together(server: ChatServer, model: OpenAIModel) -> None:
    pieces = [
        "data: " + json.dumps({"choices": [{"delta": {"content": "w"}, "logprobs": {"content": [each]}}]})
        for each in CRITIQUE
    ]
    server.answer(streamed("\n\n".join(pieces) + "\n\n", event("", "stop"), DONE))

    *_, completion = [item async for item in model.stream(HI, ASKED)]

    assert not isinstance(completion, str)
    assert probability_of_correct(completion.logprobs or ()) == pytest.approx(0.25)


@pytest.mark.parametrize("odd", [7, {"token": 7}, {"token": "a", "logprob": None}, ["a"]])
async def test_one_that_cannot_be_read_is_an_error_and_never_another_ones_score(
    server: ChatServer, model: OpenAIModel, odd: object
) -> None:
    server.answer(reply(answer_of([token("Correct", Correct=0.9, Incorrect=0.1), token(" x"), odd])))
    (completion,) = await model.complete(HI, ASKED)

    with pytest.raises(ModelError, match="logprobs"):
        probability_of_correct(completion.logprobs or ())
