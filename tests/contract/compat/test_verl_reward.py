"""The reward function for verl: loaded from its file, and called with its four arguments."""

import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import service.rewards.verl
from service.domain.errors import ModelError
from service.rewards.asking import RewardError, RewardMissingError
from service.rewards.verl import compute_score, compute_score_sync
from tests.fakes import CORRECT, INCORRECT, FakeChatModel, ReadingChatModel, ScriptedSandbox, verdict_of
from tests.unit.api.world import RIGHT, TESTS, WRONG, World
from tests.unit.cli.serving import serving

TRUTH = {"entry_point": "f", "tests": TESTS}
EXTRA = {"problem": "Add one.", "split": "train", "index": 3}


def _knowing() -> ReadingChatModel:
    return ReadingChatModel(reader=lambda asked: CORRECT if "x + 1" in asked[0].content else INCORRECT)


def _loaded() -> ModuleType:
    """Load the file under a name of its own, as `get_custom_reward_fn` does."""
    spec = importlib.util.spec_from_file_location("custom_module", service.rewards.verl.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["custom_module"] = module
    spec.loader.exec_module(module)
    return module


async def test_a_sample_is_scored_with_the_same_keys_whatever_becomes_of_it() -> None:
    world = World(critic=_knowing(), sandbox=ScriptedSandbox({RIGHT: verdict_of(1, 1)}))
    score: Callable[..., Any] = _loaded().compute_score
    with serving(world.app()) as url:
        right = await score("set", f"```python\n{RIGHT}\n```", TRUTH, EXTRA, url=url)
        wrong = await score("set", WRONG, TRUTH, EXTRA, url=url)
        untested = await score("set", WRONG, None, EXTRA, url=url, reward_router_address=None)

    assert right == {"score": 1.0, "judged": 1.0, "tests_passed": 1.0}
    assert wrong == {"score": 0.0, "judged": 1.0, "tests_passed": 0.0}
    assert untested == {"score": 0.0, "judged": 1.0, "tests_passed": -1.0}
    del sys.modules["custom_module"]


@pytest.mark.parametrize(
    "truth",
    [
        {"entry_point": "f", "tests": np.array([{"args": np.array([1]), "expected": np.int64(2)}])},
        {
            "inputs": np.array(["1"], dtype=object),
            "outputs": np.array(["2"], dtype=object),
            "fn_name": "f",
        },
        np.array(["assert f(1) == 2"], dtype=object),
    ],
)
async def test_rows_may_come_as_pandas_has_them(truth: object) -> None:
    """Older verl reads them by it: arrays within arrays, which were no JSON, or no tests."""
    world = World(critic=FakeChatModel([""]), sandbox=ScriptedSandbox({RIGHT: verdict_of(1, 1)}))
    with serving(world.app()) as url:
        scored = await compute_score("set", RIGHT, truth, EXTRA, url=url, mode="exec")

    assert scored["tests_passed"] == 1.0


async def test_tests_that_cannot_be_read_end_the_run_by_name() -> None:
    with pytest.raises(RewardError, match=r"^ground_truth: names tests and is no JSON"):
        await compute_score("set", RIGHT, str(TRUTH), EXTRA, url="http://127.0.0.1:9")


def test_a_manager_of_processes_calls_it_without_awaiting() -> None:
    with serving(World(critic=_knowing()).app()) as url:
        assert compute_score_sync("set", RIGHT, None, EXTRA, url=url)["score"] == 1.0


async def test_a_missing_reward_is_said_loudly_and_is_no_zero() -> None:
    world = World(critic=FakeChatModel([""], fault=ModelError("gone")))
    with serving(world.app()) as url, pytest.raises(RewardMissingError, match="gone"):
        await compute_score("set", RIGHT, None, EXTRA, url=url)


async def test_a_stand_in_is_marked() -> None:
    with serving(World(critic=FakeChatModel(["Hm."])).app()) as url:
        scores = await compute_score("set", RIGHT, None, EXTRA, url=url, fallback=0.5)

        nobody = await compute_score(
            "set", RIGHT, None, EXTRA, url="http://127.0.0.1:9", fallback=0, attempts=1
        )

    assert scores == {"score": 0.5, "judged": 0.0, "tests_passed": -1.0}
    assert nobody == {"score": 0.0, "judged": 0.0, "tests_passed": -1.0}


async def test_the_problem_may_be_the_question_that_verls_own_data_has() -> None:
    world = World(critic=_knowing())
    with serving(world.app()) as url:
        await compute_score("set", RIGHT, None, {"question": "Add one."}, url=url)

    assert "<problem>\nAdd one.\n</problem>" in world.critic.conversations[0][0].content


async def test_without_a_problem_there_is_nothing_to_judge_by() -> None:
    with pytest.raises(TypeError, match=r"extra_info\['problem'\]"):
        await compute_score("set", RIGHT, TRUTH, None, url="http://127.0.0.1:9")
