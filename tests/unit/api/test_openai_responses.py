"""POST /v1/responses, where the loop answers."""

import json

import pytest

from service.domain.errors import CriticError
from tests.fakes import ScriptedGenerator
from tests.unit.api.world import NOTICE, RIGHT, WRONG, Json, World, post

PATH = "/v1/responses"
ASK: Json = {"model": "refine", "input": "Add one."}
PROGRAM = f"```python\n{RIGHT}\n```"


def _events(text: str) -> list[Json]:
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    events: list[Json] = [json.loads(data.removeprefix("data: ")) for _, data in blocks]
    assert [name.removeprefix("event: ") for name, _ in blocks] == [event["type"] for event in events]
    return events


async def test_the_answer_is_a_thought_and_a_message_with_the_program() -> None:
    response = await post(World(), PATH, ASK | {"instructions": "Be brief.", "metadata": {"a": "b"}})

    answer = response.json()
    thought, message = answer["output"]
    assert (answer["object"], answer["status"]) == ("response", "completed")
    assert (answer["instructions"], answer["metadata"]) == ("Be brief.", {"a": "b"})
    assert "Handle odd numbers." in thought["summary"][0]["text"]
    assert [part["text"] for part in message["content"]] == [PROGRAM]
    assert answer["usage"]["output_tokens"] == 10
    assert answer["usage"]["refine_total"]["generator_calls"] == 2
    assert answer["refine"]["notice"] == NOTICE
    assert response.headers["x-refine-rounds"] == "2"


async def test_events_come_in_openais_order() -> None:
    events = _events((await post(World(), PATH, ASK | {"stream": True})).text)

    thinking = "response.reasoning_summary_text.delta"
    assert [event["type"] for event in events if event["type"] != thinking] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.done",
        "response.output_item.done",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    thoughts = "".join(event["delta"] for event in events if event["type"] == thinking)
    assert events[-1]["response"]["output"][0]["summary"][0]["text"] == thoughts
    assert events[-1]["response"]["output"][1]["content"][0]["text"] == PROGRAM
    assert WRONG not in thoughts


async def test_the_last_message_of_the_user_is_the_problem_and_the_latest_program_the_draft() -> None:
    world = World()
    items = [
        {"role": "developer", "content": "You are a pirate."},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello."}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": PROGRAM, "annotations": []}],
        },
        {"type": None, "role": "user", "content": [{"type": "input_text", "text": "Add two."}]},
    ]

    await post(world, PATH, ASK | {"input": items, "instructions": "Rhyme."})

    asked = world.critic.conversations[0][-1].content
    assert "Add two." in asked
    assert RIGHT in asked
    assert not [word for word in ("pirate", "Hello", "Rhyme") if word in asked]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"background": True}, "background"),
        ({"reasoning": {"effort": "high"}}, "reasoning"),
        ({"text": {"format": {"type": "json_object"}}}, "text"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": None}, "input"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input.0.content.0"),
        ({"refine": {"rounds": 99}}, "refine.rounds"),
        ({"messages": []}, "messages"),
        ({"model": "gpt-9"}, "model"),
    ],
)
async def test_what_cannot_be_is_named(change: Json, param: str) -> None:
    response = await post(World(), PATH, ASK | change)

    assert response.status_code == (404 if param == "model" else 400)
    assert response.json()["error"]["param"] == param


async def test_habits_of_clients_are_no_errors() -> None:
    habits: Json = {
        "store": False,
        "tools": [],
        "tool_choice": "auto",
        "include": ["reasoning.encrypted_content"],
        "reasoning": {"effort": None, "summary": "auto"},
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "prompt_cache_key": "k",
        "parallel_tool_calls": True,
    }

    assert (await post(World(), PATH, ASK | habits)).status_code == 200


async def test_a_failure_on_the_way_is_the_streams_last_event() -> None:
    world = World(generator=ScriptedGenerator([WRONG], fault=CriticError("gone"), fault_at=1))

    events = _events((await post(world, PATH, ASK | {"stream": True})).text)

    assert events[-1]["type"] == "response.failed"
    assert events[-1]["response"]["status"] == "failed"
    assert events[-1]["response"]["error"] == {"code": "server_error", "message": "gone"}
