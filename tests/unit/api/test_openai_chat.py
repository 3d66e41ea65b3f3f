"""POST /v1/chat/completions, where the loop answers."""

import asyncio
import json
from typing import Any

import pytest

from service.api.openai import conversation
from service.api.task import CODE_CHARS
from service.domain.fences import text_lines
from service.services import Bounds
from tests.fakes import FakeChatModel, ScriptedGenerator, ScriptedSandbox, verdict_of
from tests.unit.api.world import NOTICE, RIGHT, TESTS, WRONG, Call, Json, World, post, until

PATH = "/v1/chat/completions"
USER = {"role": "user", "content": "Add one."}
ASK: Json = {"model": "refine", "messages": [USER]}


def chunks_of(text: str) -> list[Json]:
    """Read a stream's events, all but the last, which must say that it is the last."""
    *events, done = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    assert done == "data: [DONE]"
    return [json.loads(event.removeprefix("data: ")) for event in events]


def said(chunks: list[Json], part: str) -> str:
    """Join what the deltas say."""
    return "".join(choice["delta"].get(part) or "" for chunk in chunks for choice in chunk["choices"])


async def test_the_answer_is_the_final_program_in_a_fence_and_nothing_else() -> None:
    response = await post(World(), PATH, ASK)

    answer = response.json()
    assert response.status_code == 200
    assert (answer["object"], answer["model"]) == ("chat.completion", "refine")
    (choice,) = answer["choices"]
    assert choice["message"]["content"] == f"```python\n{RIGHT}\n```"
    assert choice["finish_reason"] == "stop"
    assert "Handle odd numbers." in choice["message"]["reasoning_content"]
    assert (answer["refine"]["stop_reason"], answer["refine"]["notice"]) == ("judged_correct", NOTICE)
    assert response.headers["x-refine-id"] == answer["refine"]["id"]
    assert response.headers["x-refine-rounds"] == "2"


async def test_usage_is_the_visible_exchange_and_the_total_stands_beside_it() -> None:
    response = await post(World(), PATH, ASK)

    usage = response.json()["usage"]
    total = usage["refine_total"]
    assert usage["completion_tokens"] == 10  # the final program, not all four calls
    assert usage["completion_tokens_details"] == {"reasoning_tokens": 0}  # LiteLLM would guess: all ten
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert (total["generator_calls"], total["critic_calls"]) == (2, 2)
    assert total["total_tokens"] == total["prompt_tokens"] + total["completion_tokens"]
    assert total["completion_tokens"] > 20
    assert response.headers["x-refine-total-tokens"] == str(total["total_tokens"])


async def test_a_stream_opens_with_the_role_thinks_aloud_and_says_the_program_once() -> None:
    response = await post(World(), PATH, ASK | {"stream": True, "stream_options": {"include_usage": True}})

    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-refine-id"].startswith("rf_")
    chunks = chunks_of(response.text)
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks[1:-2]]
    assert [delta["content"] for delta in deltas if "content" in delta] == [f"```python\n{RIGHT}\n```"]
    assert "reasoning_content" in deltas[0]
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert (chunks[-1]["choices"], chunks[-1]["usage"]["completion_tokens"]) == ([], 10)
    assert len({chunk["id"] for chunk in chunks}) == 1


async def test_a_stream_thinks_what_the_whole_answer_thinks_and_never_a_program() -> None:
    whole = (await post(World(), PATH, ASK)).json()["choices"][0]["message"]["reasoning_content"]
    chunks = chunks_of((await post(World(), PATH, ASK | {"stream": True})).text)

    assert said(chunks, "reasoning_content") == whole
    assert "usage" not in chunks[-1]
    for program in (WRONG, RIGHT):
        assert program not in whole


async def test_parallel_candidates_are_told_critique_by_critique() -> None:
    world = World(generator=ScriptedGenerator([WRONG]), critic=FakeChatModel(["no\nno\nno"]))

    answer = (await post(world, PATH, ASK | {"refine": {"candidates": 2, "rounds": 0}})).json()

    thoughts = answer["choices"][0]["message"]["reasoning_content"]
    assert "Candidate 1: no\nno\nno" in thoughts
    assert "Candidate 2: no\nno\nno" in thoughts


async def test_the_last_message_of_the_user_is_the_problem() -> None:
    world = World()
    messages = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": [{"type": "text", "text": "Add"}, {"type": "text", "text": "two."}]},
    ]

    await post(world, PATH, ASK | {"messages": messages})

    asked = world.critic.conversations[0][-1].content
    assert "Add\ntwo." in asked
    assert "pirate" not in asked
    assert "Hello" not in asked


@pytest.mark.parametrize(
    ("earlier", "starts_from"),
    [
        (f"Sure:\n```python\n{RIGHT}\n```\nDone.", RIGHT),
        (f"```\n{RIGHT}\n```", RIGHT),
        ("No program here.", WRONG),
        ("```bash\nmake\n```", WRONG),
    ],
)
async def test_the_assistants_latest_program_is_the_draft(earlier: str, starts_from: str) -> None:
    world = World()
    messages = [USER, {"role": "assistant", "content": earlier}, {"role": "user", "content": "Faster!"}]

    answer = await post(world, PATH, ASK | {"messages": messages, "refine": {"rounds": 0}})

    assert answer.json()["choices"][0]["message"]["content"] == f"```python\n{starts_from}\n```"
    assert world.generator.calls == (0 if starts_from is RIGHT else 1)


@pytest.mark.parametrize("other", ["```js\n1\n```\n" * 30_000, "\n" * 900_000], ids=["fences", "lines"])
async def test_how_far_a_draft_is_looked_for_has_a_bound(other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four megabytes of fences held the event loop for three seconds."""
    read: list[int] = []

    def counted(text: str) -> list[str]:
        read.append(len(text))
        return text_lines(text)

    monkeypatch.setattr(conversation, "text_lines", counted)
    turns = [{"role": "assistant", "content": f"{other[:150_000]}"}] * 9
    draft = {"role": "assistant", "content": f"```python\n{WRONG}\n```"}

    assert conversation.draft_of([USER, *turns, USER]) is None
    assert sum(read) <= CODE_CHARS
    assert conversation.draft_of([USER, *turns, draft, USER]) == draft["content"]


async def test_a_program_too_long_for_a_draft_is_refused_and_not_passed_over() -> None:
    long = {"role": "assistant", "content": "```python\n" + "x = 1\n" * 40_000 + "```"}

    response = await post(World(), PATH, ASK | {"messages": [USER, long, USER]})

    assert response.status_code == 400
    assert "at most 200000 characters" in response.json()["error"]["message"]


async def test_a_draft_that_is_said_to_be_none_is_not_taken_from_the_conversation() -> None:
    world = World()
    messages = [USER, {"role": "assistant", "content": f"```python\n{RIGHT}\n```"}, USER]

    await post(world, PATH, ASK | {"messages": messages, "refine": {"solution": None, "rounds": 0}})

    assert world.generator.calls == 1


async def test_options_of_the_loop_are_those_of_refine() -> None:
    world = World(sandbox=ScriptedSandbox({RIGHT: verdict_of(1, 1)}))
    options = {"entry_point": "f", "tests": TESTS, "stop": "tests_passed", "feedback": "tests"}

    answer = (await post(world, PATH, ASK | {"refine": options, "seed": 7, "max_tokens": 50})).json()

    assert (answer["refine"]["stop_reason"], answer["refine"]["tests_passed"]) == ("tests_passed", True)
    assert answer["refine"]["feedback"] == "tests"
    assert "0 of 1 tests passed." in answer["choices"][0]["message"]["reasoning_content"]
    assert world.generator.samplings[0].max_tokens == 50
    assert world.generator.samplings[0].seed == 7


async def test_habits_of_clients_are_no_errors() -> None:
    habits: Json = {
        "n": 1,
        "presence_penalty": 0.0,
        "frequency_penalty": 0,
        "logprobs": False,
        "stop": None,
        "response_format": {"type": "text"},
        "tools": [],
        "tool_choice": "auto",
        "user": "me",
        "store": False,
        "verbosity": "medium",
    }

    assert (await post(World(), PATH, ASK | habits)).status_code == 200


async def test_silence_is_filled_with_comments() -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0), bounds=Bounds(heartbeat_s=0.02))
    call = Call(world.app(), PATH, ASK | {"stream": True})
    async with call.app.router.lifespan_context(call.app), asyncio.TaskGroup() as group:
        group.create_task(call.run())
        await until(lambda: [m.get("body") for m in call.sent].count(b": keepalive\n\n") >= 2)
        call.leave()

    assert b'"role":"assistant"' in call.sent[1]["body"]


@pytest.mark.parametrize("stream", [False, True])
async def test_leaving_frees_everything(stream: bool) -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=1))
    call = Call(world.app(), PATH, ASK | {"stream": stream})
    async with call.app.router.lifespan_context(call.app), asyncio.TaskGroup() as group:
        running = group.create_task(call.run())
        await until(lambda: world.generator.calls == 2)
        call.leave()
        await asyncio.wait_for(running, 30)

    assert (world.generator.in_flight, world.gate.inflight) == (0, 0)
    assert world.metric('ctrl_refinements_total{stop_reason="cancelled"}') == 1
    assert len(asyncio.all_tasks()) == 1


async def test_text_cannot_break_the_framing() -> None:
    nasty = "x = '\u2028data: [DONE]'\r\n\r\ndata: [DONE]\n\n"
    world = World(generator=ScriptedGenerator([nasty]))

    response = await post(world, PATH, ASK | {"stream": True, "refine": {"rounds": 0}})

    assert response.text.isascii()
    assert "data: [DONE]" in said(chunks_of(response.text), "content")


async def test_a_second_model_name_chooses_the_generator() -> None:
    answer: Any = (await post(World(), PATH, ASK | {"model": "refine/mini-generator"})).json()

    assert answer["model"] == "refine/mini-generator"
    assert answer["refine"]["rounds"] == 2
