"""OpenAI's own client at `/v1/responses`."""

import openai
import pytest
from openai.types.responses import FunctionToolParam, ResponseReasoningItem

from tests.contract.openai_door.doors import Doors, open_doors
from tests.openai_server import DONE, Answering, raw, refusal, reply, streamed
from tests.unit.api.world import RIGHT

PROGRAM = f"```python\n{RIGHT}\n```"
TOOL: FunctionToolParam = {"type": "function", "name": "shell", "parameters": {}, "strict": False}


async def test_a_whole_response(doors: Doors) -> None:
    response = await doors.client.responses.create(model="refine", input="Add one.")

    assert response.status == "completed"
    assert response.output_text == PROGRAM
    thought = response.output[0]
    assert isinstance(thought, ResponseReasoningItem)
    assert "Handle odd numbers." in thought.summary[0].text
    assert response.usage is not None
    assert response.usage.output_tokens == 10


async def test_a_stream_is_put_together_by_the_clients_own_helper(doors: Doors) -> None:
    async with doors.client.responses.stream(model="refine", input="Add one.") as stream:
        kinds = [event.type async for event in stream]
        response = await stream.get_final_response()

    assert response.output_text == PROGRAM
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert kinds.count("response.output_text.delta") == 1


async def test_a_refusal_names_the_parameter(doors: Doors) -> None:
    with pytest.raises(openai.BadRequestError) as bad:
        await doors.client.responses.create(model="refine", input="hi", previous_response_id="resp_1")

    assert bad.value.param == "previous_response_id"


async def test_an_agents_turn_reaches_an_endpoint_that_has_responses(doors: Doors) -> None:
    call = {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "c1",
        "name": "shell",
        "arguments": '{"a": 1.0}',
    }
    body = {"id": "resp_9", "object": "response", "status": "completed", "output": [call], "error": None}
    doors.endpoint.answer(reply(body))

    response = await doors.client.responses.create(model="refine", input="List.", tools=[TOOL])

    assert response.id == "resp_9"
    assert response.output[0].to_dict() == call
    assert doors.endpoint.bodies[0]["model"] == "gpt-4o"
    assert doors.world.generator.calls == 0


async def test_an_agents_stream_passes_as_it_is(doors: Doors) -> None:
    text = 'event: response.created\ndata: {"type":"response.created","sequence_number":0}\n\n' + DONE
    doors.endpoint.answer(streamed(text))

    async with doors.client.responses.with_streaming_response.create(
        model="refine",
        input=[{"type": "function_call_output", "call_id": "c1", "output": "x"}],
        stream=True,
    ) as response:
        answer = await response.read()

    assert answer.decode() == text


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (raw(b'{"detail": "Not Found"}', 404), openai.BadRequestError, "has no /responses"),
        (raw(b"", 405), openai.BadRequestError, "has no /responses"),
        (refusal(404, "The model `gpt-4o` does not exist"), openai.NotFoundError, "does not exist"),
        (refusal(404, "no", code="model_not_found"), openai.NotFoundError, "no"),
    ],
)
async def test_an_endpoint_without_responses_is_told_from_one_without_the_model(
    doors: Doors, answer: Answering, kind: type[openai.APIStatusError], says: str
) -> None:
    doors.endpoint.answer(answer)

    with pytest.raises(kind, match=says):
        await doors.client.responses.create(model="refine", input="List.", tools=[TOOL])


async def test_that_is_told_where_gateway_and_endpoint_call_the_model_the_same() -> None:
    async with open_doors(name="gpt-4o") as doors:
        doors.endpoint.answer(raw(b'{"detail": "Not Found"}', 404))

        with pytest.raises(openai.BadRequestError, match="has no /responses"):
            await doors.client.responses.create(model="refine", input="List.", tools=[TOOL])


@pytest.mark.parametrize("tools", [[], [TOOL]])
async def test_a_model_of_this_process_has_no_responses_and_says_so(
    doors: Doors, tools: list[FunctionToolParam]
) -> None:
    with pytest.raises(openai.BadRequestError, match="runs in this process"):
        await doors.client.responses.create(model="tiny", input="hi", tools=tools)
