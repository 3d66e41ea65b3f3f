"""The reward function for TRL, called by TRL's own code and as it calls."""

import asyncio
import json
import pickle
import threading
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from starlette.applications import Starlette

from service.domain.chat import Message
from service.domain.errors import ModelError, SandboxError
from service.rewards import asking
from service.rewards.asking import TIMEOUT_S, RewardError, RewardMissingError
from service.rewards.trl import JudgeReward, make_reward
from service.settings import ServerSection
from tests.fakes import CORRECT, INCORRECT, FakeChatModel, ReadingChatModel, ScriptedSandbox, verdict_of
from tests.unit.api.world import RIGHT, TESTS, WRONG, World
from tests.unit.cli.serving import serving

JUDGED = {"status": "ok", "score": 1.0, "error": None, "verdict": None}


def _said(asked: Sequence[Message]) -> str:
    return CORRECT if "x + 1" in asked[0].content else INCORRECT


def _knowing() -> ReadingChatModel:
    return ReadingChatModel(reader=_said)


def _ignore(*_: object) -> None:
    """What TRL offers and nobody here needs."""


async def _rewards(
    reward: JudgeReward, completions: Sequence[Any], prompt: Any = "Add one.", **columns: Any
) -> list[float | None]:
    """Call as `_calculate_rewards` does: columns by name, and things that are no columns."""
    return await reward(
        prompts=[prompt] * len(completions),
        completions=completions,
        completion_ids=[[1]] * len(completions),
        trainer_state=SimpleNamespace(global_step=1),
        log_extra=_ignore,
        log_metric=_ignore,
        **columns,
    )


async def test_a_step_that_is_too_large_for_one_request_is_sent_as_several() -> None:
    """A gateway takes 4 MiB, and the tests of some data sets are megabytes: the run ended with a 413."""
    tests = [{"args": ["x" * 500_000], "expected": 4}]
    programs = [f"{RIGHT}  # {number}" for number in range(20)]
    sandbox = ScriptedSandbox(dict.fromkeys(programs, verdict_of(1, 1)))
    world = World(critic=_knowing(), sandbox=sandbox)
    with serving(world.app()) as url:
        rewards = await _rewards(
            make_reward(url), programs, tests=[tests] * len(programs), entry_point=["f"] * len(programs)
        )

    assert rewards == [1.0] * len(programs)


async def test_a_batch_is_one_request_and_one_reward_each() -> None:
    world = World(critic=_knowing())
    with serving(world.app()) as url:
        rewards = await _rewards(make_reward(url), [RIGHT, WRONG, f"```python\n{RIGHT}\n```"])

    assert rewards == [1.0, 0.0, 1.0]
    assert len(world.critic.conversations) == 2


async def test_conversations_are_read_for_their_text() -> None:
    world = World(critic=_knowing())
    prompt = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Add one."}]
    with serving(world.app()) as url:
        rewards = await _rewards(make_reward(url), [[{"role": "assistant", "content": RIGHT}]], prompt)

    assert rewards == [1.0]
    assert "<problem>\nAdd one.\n</problem>" in world.critic.conversations[0][0].content


async def test_a_completion_with_long_thoughts_is_judged_by_its_program() -> None:
    thoughtful = f"<think>{'Hm. ' * 60_000}</think>\n```python\n{RIGHT}\n```"
    with serving(World(critic=_knowing()).app()) as url:
        assert await _rewards(make_reward(url), [thoughtful, "x" * 300_000]) == [1.0, 0.0]


@pytest.mark.parametrize(
    "columns",
    [
        {"tests": [TESTS], "entry_point": ["f"]},
        {"tests": [json.dumps(TESTS)], "entry_point": ["f"], "ground_truth": ["4"]},
        {"tests": [[{**TESTS[0], "stdin": None, "stdout": None, "kwargs": None}]], "entry_point": ["f"]},
        {"ground_truth": [json.dumps({"tests": TESTS, "entry_point": "f"})]},
        {"ground_truth": [{"inputs": ["3"], "outputs": ["4"], "fn_name": "f"}]},
    ],
)
async def test_tests_come_in_columns(columns: dict[str, Any]) -> None:
    world = World(critic=_knowing(), sandbox=ScriptedSandbox({WRONG: verdict_of(1, 1)}))
    with serving(world.app()) as url:
        rewards = await _rewards(make_reward(url, mode="exec"), [WRONG], **columns)

    assert rewards == [1.0]
    assert world.critic.conversations == []


async def test_what_was_not_judged_abstains() -> None:
    world = World(critic=FakeChatModel(["Hm."]))
    metrics: dict[str, float] = {}
    with serving(world.app()) as url:
        reward = make_reward(url)
        rewards = await reward(["p"], [RIGHT], log_metric=metrics.__setitem__)

    assert rewards == [None]
    assert metrics == {"unjudged": 1.0}


@pytest.mark.parametrize("columns", [{}, {"tests": [TESTS], "entry_point": ["f"]}])
async def test_a_broken_part_abstains_too(columns: dict[str, Any]) -> None:
    world = World(
        critic=FakeChatModel([""], fault=ModelError("gone")),
        sandbox=ScriptedSandbox(fault=SandboxError("gone")),
    )
    with serving(world.app()) as url:
        assert await _rewards(make_reward(url), [RIGHT], **columns) == [None]


async def test_a_gateway_that_is_not_there_abstains() -> None:
    with serving(World().app()) as url:
        pass

    assert await _rewards(make_reward(url, attempts=1), [RIGHT, WRONG]) == [None, None]


@asynccontextmanager
async def _served(judge: Handler) -> AsyncGenerator[str, None]:
    app = web.Application()
    app.router.add_post("/judge", judge)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _answering(statuses: Sequence[int]) -> AsyncGenerator[tuple[str, list[None]], None]:
    """A gateway that answers with these statuses in turn."""
    asked: list[None] = []

    async def judge(request: web.Request) -> web.Response:
        asked.append(None)
        return web.json_response({"results": [JUDGED]}, status=statuses[len(asked) - 1])

    async with _served(judge) as url:
        yield url, asked


@asynccontextmanager
async def _never_in_time(status: int | None) -> AsyncGenerator[tuple[str, list[None]], None]:
    """A gateway that says that time ran out, or lets it run out."""
    asked: list[None] = []

    async def judge(request: web.Request) -> web.Response:
        asked.append(None)
        if status is None:
            await asyncio.sleep(3600)
        return web.json_response({}, status=status or 200)

    async with _served(judge) as url:
        yield url, asked


@pytest.mark.parametrize("status", [504, None])
async def test_what_took_too_long_is_not_asked_for_again(status: int | None) -> None:
    async with _never_in_time(status) as (url, asked):
        timeout_s = 30.0 if status else 0.2
        assert await _rewards(make_reward(url, timeout_s=timeout_s), [RIGHT]) == [None]

    assert len(asked) == 1


def test_a_request_is_waited_for_as_long_as_the_gateway_may_take() -> None:
    server = ServerSection()

    assert server.request_seconds + server.queue_s < TIMEOUT_S


async def test_a_full_gateway_is_asked_again() -> None:
    world = World(critic=_knowing(), max_inflight=1)
    with serving(world.app()) as url:
        with world.gate.admit():
            asked = asyncio.ensure_future(_rewards(make_reward(url), [RIGHT]))
            await asyncio.sleep(0.3)
        assert await asked == [1.0]


@pytest.mark.parametrize("status", [429, 503])
async def test_a_gateway_that_stays_full_costs_no_reward_however_often_it_says_so(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 1,500 rollouts that verl sent at once 1,116 had no reward after 23 seconds, and the run ended."""
    monkeypatch.setattr(asking, "_LONGEST_WAIT_WHEN_FULL_S", 0.01)
    async with _answering([status] * 30 + [200]) as (url, asked):
        assert await _rewards(make_reward(url, attempts=1), [RIGHT]) == [1.0]

    assert len(asked) == 31


async def test_a_gateway_that_stays_full_is_given_up_in_the_end() -> None:
    async with _answering([503] * 100) as (url, _):
        assert await _rewards(make_reward(url, timeout_s=0.2), [RIGHT]) == [None]


async def test_a_full_gateway_is_left_alone_for_as_long_as_it_asks_for() -> None:
    begun: list[float] = []

    async def judge(request: web.Request) -> web.Response:
        begun.append(time.monotonic())
        if len(begun) == 1:
            return web.json_response({}, status=429, headers={"Retry-After": "2"})
        return web.json_response({"results": [JUDGED]})

    async with _served(judge) as url:
        assert await _rewards(make_reward(url), [RIGHT]) == [1.0]

    assert begun[1] - begun[0] >= 0.75 * 2


@pytest.mark.parametrize(("status", "results"), [(200, "a page"), (200, None), (402, [JUDGED])])
async def test_an_answer_without_results_and_a_refusal_with_some_end_the_run(
    status: int, results: object
) -> None:
    async def judge(request: web.Request) -> web.Response:
        return web.json_response({"results": results}, status=status)

    async with _served(judge) as url:
        with pytest.raises(RewardError, match=f"status {status}"):
            await _rewards(make_reward(url), [RIGHT])


@pytest.mark.parametrize("on_error", ["raise", 0.5])
async def test_what_was_judged_has_its_own_reward_whatever_a_missing_one_becomes(on_error: Any) -> None:
    with serving(World(critic=_knowing()).app()) as url:
        assert await _rewards(make_reward(url, on_error=on_error), [RIGHT, WRONG]) == [1.0, 0.0]


async def test_a_step_may_be_empty_and_its_trainer_without_metrics() -> None:
    with serving(World(critic=_knowing()).app()) as url:
        assert await make_reward(url)([], [], log_metric=_ignore) == []
        assert await make_reward(url)(["Add one."], [RIGHT]) == [1.0]


async def test_missing_rewards_may_end_the_run_or_have_a_number() -> None:
    with serving(World(critic=FakeChatModel(["Hm."])).app()) as url:
        assert await _rewards(make_reward(url, on_error=0.5), [RIGHT]) == [0.5]
        with pytest.raises(RewardMissingError):
            await _rewards(make_reward(url, on_error="raise"), [RIGHT])


@pytest.mark.parametrize(
    ("critic", "why"),
    [("no idea", "the critic's answer has no judgment"), (None, "no answer from http://127")],
)
async def test_a_missing_reward_says_why_it_is_missing(critic: str | None, why: str) -> None:
    """Both said "None": an abstention has no error, and a gateway that is away no answer."""
    with serving(World(critic=FakeChatModel([critic or ""])).app()) as url:
        asked = url if critic else "http://127.0.0.1:9"
        reward = make_reward(asked, on_error="raise", attempts=1)
        with pytest.raises(RewardMissingError, match=why):
            await _rewards(reward, [RIGHT])


@pytest.mark.parametrize("on_error", ["fallback:0.5", "rais", ""])
def test_what_no_missing_reward_can_become_is_refused_before_the_run(on_error: str) -> None:
    """It was a ValueError at the first program that could not be judged, perhaps hours into a run."""
    with pytest.raises(ValueError, match='"none", "raise" or a number'):
        make_reward("http://gateway:8000", on_error=on_error)  # type: ignore[arg-type]


async def test_a_wrong_configuration_ends_the_run() -> None:
    with serving(World().app()) as url, pytest.raises(RewardError, match="mini-critic"):
        await _rewards(make_reward(url, critic="gpt-17"), [RIGHT])


async def test_an_answer_that_is_no_gateways_ends_the_run_and_is_quoted() -> None:
    with serving(Starlette()) as url, pytest.raises(RewardError, match=r"status 404\): Not Found"):
        await _rewards(make_reward(url), [RIGHT])


def test_the_function_can_be_sent_to_another_process() -> None:
    reward = make_reward("http://gateway", "key", votes=3)

    assert pickle.loads(pickle.dumps(reward)) == reward  # noqa: S301 - our own bytes


@pytest.fixture
def async_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop in a thread, as GRPOTrainer keeps one for such functions."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.mark.training
def test_trl_itself_calls_it_and_leaves_out_what_abstains(async_loop: asyncio.AbstractEventLoop) -> None:
    import torch  # noqa: PLC0415 - slow to load
    from accelerate import Accelerator  # noqa: PLC0415
    from trl.trainer.grpo_trainer import GRPOTrainer  # noqa: PLC0415

    critic = ReadingChatModel(reader=lambda asked: "Hm." if "print" in asked[0].content else _said(asked))
    with serving(World(critic=critic).app()) as url:
        trainer: Any = SimpleNamespace(
            accelerator=Accelerator(cpu=True),
            reward_funcs=[make_reward(url)],
            reward_processing_classes=[None],
            reward_func_names=["judge"],
            state=SimpleNamespace(global_step=1),
            environments=None,
            async_loop=async_loop,
            args=SimpleNamespace(report_to=[]),
            _log_completion_extra=_ignore,
            _log_metric=_ignore,
        )
        inputs = [{"prompt": "Add one.", "entry_point": "f", "tests": None}] * 3
        rewards = GRPOTrainer._calculate_rewards(  # noqa: SLF001 - the call that is the contract
            trainer, inputs, ["Add one."] * 3, [RIGHT, WRONG, "print(1)"], [[1], [2], [3]]
        )

    assert rewards[:2, 0].tolist() == [1.0, 0.0]
    assert torch.isnan(rewards[2, 0])
