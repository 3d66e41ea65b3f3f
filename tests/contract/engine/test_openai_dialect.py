"""Endpoints that refuse a parameter are asked without it."""

from contextlib import aclosing

import pytest

from service.adapters.openai import OpenAIModel
from service.domain.chat import Completion, Sampling
from service.domain.errors import ModelError
from tests.openai_server import DONE, HI, PLAIN, ChatServer, event, refusal, reply, streamed, whole


async def read(model: OpenAIModel) -> list[str | Completion]:
    async with aclosing(model.stream(HI, PLAIN)) as stream:
        return [item async for item in stream]


@pytest.mark.parametrize(
    ("parameter", "sampling"),
    [
        ("logprobs", Sampling(logprobs=3)),
        ("seed", Sampling(seed=1)),
        ("temperature", Sampling(temperature=0.0)),
        ("top_p", Sampling(top_p=0.5)),
    ],
)
async def test_a_refused_parameter_is_left_out_from_then_on(
    server: ChatServer, model: OpenAIModel, parameter: str, sampling: Sampling
) -> None:
    server.answer(
        refusal(400, f"Unsupported parameter: '{parameter}' is not supported", param=parameter),
        whole("hello"),
    )

    await model.complete(HI, sampling)
    await model.complete(HI, sampling)

    assert [parameter in body for body in server.bodies] == [True, False, False]
    assert "top_logprobs" not in server.bodies[-1]


async def test_a_model_that_wants_max_completion_tokens_gets_them(
    server: ChatServer, model: OpenAIModel
) -> None:
    message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    server.answer(refusal(400, message, param="max_tokens", code="unsupported_parameter"), whole("hello"))

    await model.complete(HI, Sampling(max_tokens=9))

    assert server.bodies[-1]["max_completion_tokens"] == 9
    assert "max_tokens" not in server.bodies[-1]


async def test_a_server_that_forbids_unknown_fields_is_understood(
    server: ChatServer, model: OpenAIModel
) -> None:
    detail = [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]
    server.answer(reply({"detail": detail}, status=422), streamed(event("Hello", "stop"), DONE))

    pieces = await read(model)

    assert pieces[0] == "Hello"


async def test_a_value_out_of_range_is_an_error_and_not_a_dialect(
    server: ChatServer, model: OpenAIModel
) -> None:
    server.answer(refusal(400, "temperature must be at most 2", param="temperature"), whole("hello"))

    with pytest.raises(ModelError, match="at most 2"):
        await model.complete(HI, Sampling(temperature=9.0))


async def test_stop_strings_are_never_left_out(server: ChatServer, model: OpenAIModel) -> None:
    server.answer(refusal(400, "'stop' is not supported", param="stop"), whole("hello"))

    with pytest.raises(ModelError, match="stop"):
        await model.complete(HI, Sampling(stop=("END",)))


@pytest.mark.parametrize("refuses", [True, False])
async def test_a_server_without_n_is_asked_n_times_with_other_seeds(
    server: ChatServer, model: OpenAIModel, *, refuses: bool
) -> None:
    if refuses:
        server.answer(refusal(400, "n > 1 is not supported", param="n"))
    server.answer(whole("hello"))

    first = await model.complete(HI, Sampling(seed=5), n=3)
    again = await model.complete(HI, Sampling(seed=5), n=3)

    assert len(first) == len(again) == 3
    assert sorted(body["seed"] for body in server.bodies[-3:]) == [5, 6, 7]
    assert not any("n" in body for body in server.bodies[-5:])
