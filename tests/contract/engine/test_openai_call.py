"""One call: what is asked, what is answered, and what an error may say."""

import json

import pytest
from pydantic import SecretStr

from service.adapters.openai import OpenAIModel, Patience
from service.adapters.openai.transport import MAX_ANSWER_BYTES
from service.caller import asking
from service.domain.chat import Message, Sampling, TokenUsage
from service.domain.errors import ModelError, RequestError
from service.domain.identity import Identity
from tests.openai_server import HI, KEY, PLAIN, ChatServer, refusal, reply, streamed, whole


def patient(server: ChatServer, patience: Patience | None = None) -> OpenAIModel:
    return OpenAIModel("gpt", server.base_url, "gpt-4o", patience=patience)


async def test_the_request_says_what_was_asked_and_nothing_else(
    server: ChatServer, model: OpenAIModel
) -> None:
    server.answer(whole("hello"))

    await model.complete(HI, Sampling(temperature=0.5, seed=7, stop=("END",), max_tokens=9, logprobs=2))

    assert server.bodies == [
        {
            "model": "gpt-4o",
            "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}],
            "stream": False,
            "temperature": 0.5,
            "max_tokens": 9,
            "seed": 7,
            "stop": ["END"],
            "logprobs": True,
            "top_logprobs": 2,
        }
    ]


async def test_what_a_model_may_have_written_is_asked_as_it_is(
    server: ChatServer, model: OpenAIModel
) -> None:
    """Half a pair of surrogates, of which only an escape can tell, and a number past 64 bits."""
    server.answer(whole("hello"))

    await model.complete([Message("user", "é \ud83d \U0001f600")], Sampling(seed=2**70))

    assert server.bodies[0]["messages"][0]["content"] == "é \ud83d \U0001f600"
    assert server.bodies[0]["seed"] == 2**70


async def test_each_tenant_has_a_part_of_the_prefix_cache_of_its_own(server: ChatServer) -> None:
    server.answer(whole("hello"))
    async with OpenAIModel("gpt", server.base_url, "m", salted=True) as model:
        for tenant in ("lab", "lab", "other"):
            with asking(Identity(tenant, frozenset())):
                await model.complete(HI, PLAIN)

    mine, again, others = [body["cache_salt"] for body in server.bodies]
    assert mine == again != others
    assert "lab" not in mine


async def test_the_key_travels_as_a_bearer_token_and_only_so(server: ChatServer, model: OpenAIModel) -> None:
    server.answer(whole("hello"))

    await model.complete(HI, PLAIN)

    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert KEY not in json.dumps(server.bodies)
    assert KEY not in repr(vars(model))


async def test_credentials_in_the_url_are_used_where_there_is_no_key(server: ChatServer) -> None:
    server.answer(whole("hello"))
    url = server.base_url.replace("http://", "http://user:hunter2@")

    async with OpenAIModel("gpt", url, "gpt-4o") as model:
        await model.complete(HI, PLAIN)
    async with OpenAIModel("gpt", url, "gpt-4o", SecretStr(KEY)) as model:
        await model.complete(HI, PLAIN)

    assert [headers["Authorization"].split()[0] for headers in server.headers] == ["Basic", "Bearer"]


def test_a_key_that_no_header_can_carry_is_refused_without_showing_it() -> None:
    with pytest.raises(ModelError, match="header cannot carry") as refused:
        OpenAIModel("gpt", "http://localhost/v1", "m", SecretStr("secret\nX-Admin: 1"))

    assert "secret" not in str(refused.value)


async def test_usage_tells_prompt_cached_and_written_tokens(server: ChatServer, model: OpenAIModel) -> None:
    server.answer(whole("a", "b"))

    completions = await model.complete(HI, PLAIN, n=2)

    await model.complete(HI, PLAIN, n=2)
    assert [body.get("n") for body in server.bodies] == [2, 2]
    usage = completions[0].usage + completions[1].usage
    assert (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == (10, 4, 5)


@pytest.mark.parametrize("count", [-7, 10**400], ids=["negative", "huge"])
async def test_a_count_of_tokens_that_cannot_be_does_not_count(
    server: ChatServer, model: OpenAIModel, count: int
) -> None:
    details = {"cached_tokens": count}
    usage = {"prompt_tokens": count, "completion_tokens": count, "prompt_tokens_details": details}
    server.answer(whole("hello", usage=usage))

    (completion,) = await model.complete(HI, PLAIN)

    assert (completion.text, completion.usage) == ("hello", TokenUsage())


async def test_choices_are_returned_in_the_order_of_their_index(
    server: ChatServer, model: OpenAIModel
) -> None:
    choices = [{"index": i, "message": {"content": str(i)}, "finish_reason": "stop"} for i in (1, 0)]
    server.answer(reply({"choices": choices}))

    completions = await model.complete(HI, PLAIN, n=2)

    assert [completion.text for completion in completions] == ["0", "1"]


async def test_an_empty_content_is_an_empty_text(server: ChatServer, model: OpenAIModel) -> None:
    choice = {"message": {"content": None, "reasoning_content": "hm"}, "finish_reason": "length"}
    server.answer(reply({"choices": [choice]}))

    (completion,) = await model.complete(HI, PLAIN)

    assert (completion.text, completion.finish_reason) == ("", "length")


UNREADABLE = {
    "no JSON": (b"<html>", "not a chat completion"),
    "no choices": (b'{"choices": []}', "no choices"),
    "no message": (b'{"choices": [{"finish_reason": "stop"}]}', "no message"),
    "an unknown end": (
        b'{"choices": [{"message": {"content": ""}, "finish_reason": "content_filter"}]}',
        "content_filter",
    ),
    "an error inside a 200": (b'{"error": {"message": "out of memory"}}', "out of memory"),
}


@pytest.mark.parametrize("case", UNREADABLE)
async def test_an_unreadable_answer_is_an_error(server: ChatServer, model: OpenAIModel, case: str) -> None:
    body, complaint = UNREADABLE[case]
    server.answer(streamed(body))

    with pytest.raises(ModelError, match=complaint):
        await model.complete(HI, PLAIN)


async def test_an_endless_answer_is_cut_off(server: ChatServer) -> None:
    server.answer(streamed(*[b"x" * 2**20] * (MAX_ANSWER_BYTES // 2**20 + 2)))

    async with patient(server) as model:
        with pytest.raises(ModelError, match="too long"):
            await model.complete(HI, PLAIN)


async def test_a_redirect_is_not_followed(server: ChatServer, model: OpenAIModel) -> None:
    server.answer(reply({}, status=307, headers={"Location": "http://169.254.169.254/"}))

    with pytest.raises(ModelError, match="status 307"):
        await model.complete(HI, PLAIN)

    assert len(server.bodies) == 1


async def test_an_error_names_the_model_and_never_the_key_or_the_address(server: ChatServer) -> None:
    server.answer(refusal(400, f"bad request by {KEY}"))
    url = server.base_url.replace("http://", "http://user:hunter2@")

    async with OpenAIModel("gpt", url, "gpt-4o", SecretStr(KEY)) as model:
        with pytest.raises(ModelError) as refused:
            await model.complete(HI, PLAIN)

    told = str(refused.value)
    assert "'gpt'" in told
    assert not any(secret in told for secret in (KEY, "hunter2", "127.0.0.1"))


async def test_a_refused_key_is_said_to_be_so(server: ChatServer, model: OpenAIModel) -> None:
    server.answer(refusal(401, "Incorrect API key provided: sk-very…"))

    with pytest.raises(ModelError, match="key was refused") as refused:
        await model.complete(HI, PLAIN)

    assert "sk-" not in str(refused.value)


async def test_a_prompt_over_the_context_is_the_requests_fault(
    server: ChatServer, model: OpenAIModel
) -> None:
    server.answer(refusal(400, "maximum context length is 9 tokens", code="context_length_exceeded"))

    with pytest.raises(RequestError, match="9 tokens") as refused:
        await model.complete(HI, PLAIN)

    assert refused.value.field == "problem"
