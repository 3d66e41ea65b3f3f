"""The cache: gives the same verdict again, to the same tenant, and only where another run would too."""

from typing import Any

import pytest

from sandbox_runner.admission.cache import CACHEABLE, VerdictCache
from sandbox_runner.boxes import runtimes
from sandbox_runner.domain.cases import CallCase, Submission
from sandbox_runner.domain.comparison import Equality
from sandbox_runner.domain.verdict import Outcome, ProgramError, TestResult, Tier
from sandbox_runner.metrics import Metrics
from sandbox_runner.settings import Settings
from tests.unit.sandbox.api_client import CALL, NDJSON, api_client, lines_of
from tests.unit.sandbox.fake_sandbox import FakeJudge

ON: dict[str, Any] = {"cache_bytes": 1 << 20}


async def _ask_twice(judge: FakeJudge, first: dict[str, Any], second: dict[str, Any]) -> int:
    """How often the judge had to judge."""
    async with api_client(judge, **ON) as client:
        answers = [(await client.post("/judge", json=body)).json() for body in (first, second)]

    if len(judge.submissions) == 1:
        assert answers[0] == answers[1]
    return len(judge.submissions)


@pytest.mark.parametrize("outcome", sorted(CACHEABLE))
async def test_a_deterministic_verdict_is_given_again(outcome: Outcome) -> None:
    assert await _ask_twice(FakeJudge(TestResult(outcome, "out")), CALL, CALL) == 1


async def test_an_error_with_its_exit_status_is_given_again() -> None:
    assert await _ask_twice(FakeJudge(TestResult(Outcome.RUNTIME_ERROR, exit_code=1)), CALL, CALL) == 1


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - CACHEABLE))
async def test_a_verdict_about_the_moment_is_not(outcome: Outcome) -> None:
    assert await _ask_twice(FakeJudge(TestResult(outcome)), CALL, CALL) == 2


@pytest.mark.parametrize("outcome", [Outcome.RUNTIME_ERROR, Outcome.COMPILE_ERROR])
async def test_an_end_by_a_signal_is_not_remembered(outcome: Outcome) -> None:
    assert await _ask_twice(FakeJudge(TestResult(outcome, exit_code=-9)), CALL, CALL) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"code": "def f(n): return n"},
        {"tests": [{"args": [3], "expected": 4.0}]},
        {"tests": [{"args": [True], "expected": 4}]},
        {"tests": [{"args": ["3"], "expected": 4}]},
        {"tests": CALL["tests"] * 2},
        {"limits": {"cpu_s": 1}},
        pytest.param(
            {"packages": "numpy"},
            marks=pytest.mark.skipif("numpy" not in runtimes.python_runtimes(), reason="NO numpy"),
        ),
        {"checker": "identical"},
        {"stop_on_first_fail": True},
        {"entry_point": "g"},
    ],
)
async def test_another_question_is_judged_anew(change: dict[str, Any]) -> None:
    assert await _ask_twice(FakeJudge(), CALL, CALL | change) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "floats", "abs": 1}, {"name": "floats", "rel": 1}),
        ({"name": "unordered", "by": "lines"}, {"name": "unordered", "by": "tokens"}),
        (
            {"name": "custom", "code": "print('accepted')"},
            {"name": "custom", "code": "print('wrong_answer')"},
        ),
    ],
)
async def test_a_checker_with_other_options_is_another_question(one: object, other: object) -> None:
    asked = CALL | {"tests": [{"stdin": "3", "stdout": "4"}]}

    assert await _ask_twice(FakeJudge(), asked | {"checker": one}, asked | {"checker": other}) == 2
    assert await _ask_twice(FakeJudge(), asked | {"checker": one}, asked | {"checker": one}) == 1


async def test_one_tenant_does_not_see_what_another_asked() -> None:
    judge = FakeJudge()
    async with api_client(judge, api_keys="a:one,b:two", **ON) as client:
        for key in ("one", "two"):
            await client.post("/judge", json=CALL, headers={"Authorization": f"Bearer {key}"})

    assert len(judge.submissions) == 2


async def test_a_hit_needs_no_slot_and_is_counted_and_streamed_alike() -> None:
    judge = FakeJudge()
    async with api_client(judge, **ON) as client:
        first = await client.post("/judge", json=CALL, headers=NDJSON)
        second = await client.post("/judge", json=CALL, headers=NDJSON)
        page = (await client.get("/metrics")).text

    assert lines_of(first) == lines_of(second)
    assert "ctrl_cache_hits_total 1.0" in page
    assert "ctrl_queue_seconds_count 1.0" in page


async def test_without_a_size_nothing_is_remembered() -> None:
    judge = FakeJudge()
    async with api_client(judge) as client:
        for _ in range(2):
            await client.post("/judge", json=CALL)

    assert len(judge.submissions) == 2


async def test_an_answer_too_long_for_the_cache_is_not_remembered() -> None:
    judge = FakeJudge(TestResult(Outcome.ACCEPTED, "x" * 100_000))

    assert await _ask_twice(judge, CALL, CALL) == 2


async def test_all_that_is_kept_of_a_test_counts() -> None:
    error = ProgramError("Error", "x" * 20_000, 1, "y" * 20_000)

    assert await _ask_twice(FakeJudge(TestResult(Outcome.RUNTIME_ERROR, error=error)), CALL, CALL) == 2


def test_the_least_recently_used_leaves_first() -> None:
    cache = VerdictCache(250, 100, Tier.T3, Metrics())
    for name in (b"a", b"b"):
        cache.put(name, (), 100)
    cache.get(b"a")
    cache.put(b"c", (), 100)

    assert [cache.get(name) is not None for name in (b"a", b"b", b"c")] == [True, False, True]


def test_the_number_of_entries_is_bounded() -> None:
    cache = VerdictCache(1_000, 2, Tier.T3, Metrics())
    for name in (b"a", b"b", b"c"):
        cache.put(name, (), 1)

    assert [cache.get(name) is not None for name in (b"a", b"b", b"c")] == [False, True, True]


def test_a_verdict_that_comes_again_takes_its_place_once() -> None:
    metrics = Metrics()
    cache = VerdictCache(200, 2, Tier.T3, metrics)
    for name in (b"a", b"b", b"b"):
        cache.put(name, (), 100)

    assert cache.get(b"a") is not None
    assert b"ctrl_cache_bytes 200.0" in metrics.page(None)


def _deep() -> object:
    nested: object = 0
    for _ in range(20_000):
        nested = [nested]
    return nested


def test_to_another_tier_the_same_is_another_question() -> None:
    question = Submission("", (), Settings().default_limits)
    keys = {VerdictCache(1_000, 2, tier, Metrics()).key("tenant", question) for tier in (Tier.T1, Tier.T3)}

    assert len(keys) == 2


@pytest.mark.parametrize("given", [1 << 20_000, _deep()], ids=["a long number", "a deep list"])
def test_a_question_that_has_no_spelling_is_not_remembered(given: object) -> None:
    case = CallCase("f", (given,), {}, 4, Equality.JSON)
    cache = VerdictCache(1_000, 2, Tier.T3, Metrics())

    assert cache.key("tenant", Submission("", (case,), Settings().default_limits)) is None
