"""What refinements ask for, and the files and tables around it."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from benchmarks.capacity.cells import divided
from benchmarks.capacity.costs import COSTS, read_costs
from benchmarks.capacity.document import filled
from benchmarks.capacity.limits import limits
from benchmarks.capacity.presets import engine, names
from benchmarks.capacity.workload import Role, Workload
from tests.prefix_reuse import refined, reuse
from tests.unit.capacity.plans import ENGINE, plan

MINI = Path("weights/mini")


def test_a_refinement_of_two_revisions_is_six_calls() -> None:
    workload = Workload(revisions=2)

    assert [workload.mean(role).calls for role in Role] == [3, 3]
    assert plan(workload=workload).calls == 6


def test_a_critic_that_accepts_all_is_asked_once() -> None:
    assert Workload(revisions=5, accepted=1.0).rounds == 1


def test_a_revision_reads_the_problem_the_draft_and_the_critique() -> None:
    small, large = Workload(problem_tokens=0), Workload(problem_tokens=500)
    proposal, revision = large.round(0)[0], large.round(1)[0]

    assert revision.prompt > proposal.prompt + large.program_tokens + large.critique_tokens
    assert revision.cached == proposal.prompt
    assert proposal.cached == small.round(0)[0].prompt


def test_an_engine_at_its_limit_has_all_its_sequences_at_work() -> None:
    call = Workload().mean(Role.CRITIC).call
    rate = ENGINE.rate(call)

    running = ENGINE.running(call, 0.999 * rate)

    assert ENGINE.running(call, 0.5 * rate) < running < 1.2 * ENGINE.sequences(call)
    assert ENGINE.running(call, 2 * rate) == float("inf")
    assert ENGINE.call_s(call, 0.5 * rate) == pytest.approx(ENGINE.running(call, 0.5 * rate) / rate / 0.5)


@pytest.mark.parametrize("name", names())
def test_every_engine_of_the_file_carries_calls_and_says_where_it_is_from(name: str) -> None:
    call = Workload().mean(Role.CRITIC).call
    preset = engine(name, call.held)

    assert preset.rate(call) > 0
    assert preset.source.startswith(("measured: `", "assumed: "))


def test_an_engine_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"gpt: there is no such engine; choose one of .*qwen7b-h100"):
        engine("gpt", 1000)


def test_every_cost_says_how_it_was_found() -> None:
    figures = dict(read_costs().figures())

    assert all(figure.command and figure.date and figure.machine for figure in figures.values())
    assert {name.partition(".")[0] for name in figures} == {"gateway", "sandbox", "redis"}


def test_a_cost_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "costs.toml"
    path.write_text(COSTS.read_text() + "\n[redis.magic_ms]\nvalue = 1\n")

    with pytest.raises(ValidationError, match="magic_ms"):
        read_costs(path)


def test_limits_are_sorted_and_none_is_free() -> None:
    asked = plan(durable=1.0)

    found = limits(asked, divided(asked, 40, 1))

    assert all(limit.rate > 0 for limit in found)
    assert found == sorted(found, key=lambda limit: (limit.scope, limit.rate))


async def test_a_prefix_cache_serves_what_the_plan_counts_on() -> None:
    """Within ten points of what is counted in the mini models' prompts, though their tokenizer is another."""
    row = json.loads(MINI.joinpath("demo.jsonl").read_text(encoding="utf-8").splitlines()[0])

    counted = reuse(MINI, await refined(MINI, row), all_differ=True)

    for role, share in counted.items():
        mean = Workload(revisions=3).mean(Role(role)).call
        assert mean.cached / mean.prompt == pytest.approx(share.share, abs=0.15), role


def test_a_table_replaces_the_one_between_its_marks_and_nothing_else() -> None:
    text = "a\n<!-- capacity: x -->\nold\n<!-- end -->\nb\n<!-- capacity: y -->\n<!-- end -->\n"

    assert filled(text, {"x": r"new \1"}) == text.replace("old", r"new \1")


def test_a_table_without_a_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="capacity: z"):
        filled("nothing", {"z": "table"})
