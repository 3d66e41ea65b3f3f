"""OpenAI's own client at `/v1/chat/completions`, where the loop or a model of this process answers."""

import asyncio

import openai
import pytest
import structlog

from service.domain.errors import CriticError
from tests.contract.openai_door.doors import Doors, open_doors
from tests.fakes import FakeChatModel, ScriptedGenerator
from tests.unit.api.world import RIGHT, WRONG, World

ASKED: list[openai.types.chat.ChatCompletionMessageParam] = [{"role": "user", "content": "Add one."}]
PROGRAM = f"```python\n{RIGHT}\n```"


async def test_a_whole_answer(doors: Doors) -> None:
    answer = await doors.client.chat.completions.with_raw_response.create(model="refine", messages=ASKED)

    completion = answer.parse()
    message = completion.choices[0].message
    assert (message.role, message.content, completion.choices[0].finish_reason) == (
        "assistant",
        PROGRAM,
        "stop",
    )
    assert message.model_extra is not None
    assert "Handle odd numbers." in message.model_extra["reasoning_content"]
    assert completion.usage is not None
    assert completion.usage.model_extra is not None
    total = completion.usage.model_extra["refine_total"]["total_tokens"]
    assert answer.headers["x-refine-total-tokens"] == str(total)
    assert answer.headers["x-refine-rounds"] == "2"
    assert answer.headers["x-refine-id"].startswith("rf_")


async def test_the_client_that_blocks_reads_the_same(doors: Doors) -> None:
    def both() -> tuple[str | None, str]:
        with openai.OpenAI(base_url=f"{doors.url}/v1", api_key="sk", max_retries=0) as client:
            whole = client.chat.completions.create(model="refine/mini-generator", messages=ASKED)
            stream = client.chat.completions.create(model="refine", messages=ASKED, stream=True)
            pieces = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
            return whole.choices[0].message.content, pieces

    whole, pieces = await asyncio.to_thread(both)

    assert whole == pieces == PROGRAM


async def test_a_stream_gives_thoughts_then_the_program_then_its_cost(doors: Doors) -> None:
    stream = await doors.client.chat.completions.create(
        model="refine", messages=ASKED, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]

    assert chunks[0].choices[0].delta.role == "assistant"
    thoughts = [(chunk.choices[0].delta.model_extra or {}).get("reasoning_content") for chunk in chunks[1:-3]]
    assert all(thoughts)
    assert [chunk.choices[0].delta.content for chunk in chunks[1:-3]] == [None] * len(thoughts)
    assert chunks[-3].choices[0].delta.content == PROGRAM
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert all(chunk.usage is None for chunk in chunks[:-1])


async def test_the_helper_that_puts_a_stream_together_finds_the_program(doors: Doors) -> None:
    async with doors.client.chat.completions.stream(model="refine", messages=ASKED) as stream:
        async for _ in stream:
            pass
        whole = await stream.get_final_completion()

    assert whole.choices[0].message.content == PROGRAM


async def test_options_of_the_loop_go_into_extra_body(doors: Doors) -> None:
    answer = await doors.client.chat.completions.create(
        model="refine", messages=ASKED, extra_body={"refine": {"rounds": 0}}
    )

    assert answer.choices[0].message.content == f"```python\n{WRONG}\n```"


async def test_errors_are_the_clients_own_kinds(doors: Doors) -> None:
    create = doors.client.chat.completions.create

    with pytest.raises(openai.BadRequestError) as bad:
        await create(model="refine", messages=ASKED, n=2)
    with pytest.raises(openai.NotFoundError) as missing:
        await create(model="gpt-9", messages=ASKED)

    assert bad.value.param == "n"
    assert (missing.value.param, missing.value.code) == ("model", "model_not_found")
    assert missing.value.request_id is not None


async def test_a_failure_inside_a_stream_is_raised() -> None:
    world = World(generator=ScriptedGenerator([WRONG], fault=CriticError("gone"), fault_at=1))
    with structlog.testing.capture_logs():
        async with open_doors(world) as doors:
            stream = await doors.client.chat.completions.create(model="refine", messages=ASKED, stream=True)
            with pytest.raises(openai.APIError, match="gone") as failure:
                async for _ in stream:
                    pass

    assert failure.value.code == "critic_failed"


async def test_the_clients_retry_of_a_full_service_succeeds() -> None:
    world = World(max_inflight=1)
    with structlog.testing.capture_logs():
        async with open_doors(world) as doors:
            client = doors.client.with_options(max_retries=1)
            async with asyncio.TaskGroup() as group:
                with world.gate.admit():
                    asking = group.create_task(client.chat.completions.create(model="refine", messages=ASKED))
                    await asyncio.sleep(0.3)

    answer = asking.result()
    assert answer.choices[0].message.content == PROGRAM


async def test_models_are_listed_and_found(doors: Doors) -> None:
    client = doors.client

    listed = [model.id async for model in client.models.list()]

    assert {"refine", "refine/mini-generator", "mini-critic"} <= set(listed)
    assert (await client.models.retrieve("refine")).id == "refine"


async def test_a_model_of_this_process_is_chatted_with_by_its_name(doors: Doors) -> None:
    create = doors.client.chat.completions.create

    whole = await create(model="tiny", messages=ASKED, temperature=0.5, stop="x", max_tokens=9)
    stream = await create(model="tiny", messages=ASKED, stream=True, stream_options={"include_usage": True})
    chunks = [chunk async for chunk in stream]

    tiny = doors.world.models["tiny"].model
    assert isinstance(tiny, FakeChatModel)
    assert whole.choices[0].message.content == "Hel\nlo."
    assert (tiny.samplings[0].temperature, tiny.samplings[0].stop) == (0.5, ("x",))
    assert [m.content for m in tiny.conversations[0]] == ["Add one."]
    assert [chunk.choices[0].delta.content for chunk in chunks[:-2]] == ["", "Hel\n", "lo."]
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 2


async def test_a_model_of_this_process_has_no_tools_and_says_so(doors: Doors) -> None:
    with pytest.raises(openai.BadRequestError, match="runs in this process") as bad:
        await doors.client.chat.completions.create(
            model="tiny",
            messages=ASKED,
            tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}],
        )

    assert bad.value.param == "tools"
