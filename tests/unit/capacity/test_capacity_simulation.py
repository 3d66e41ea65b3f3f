"""What any queueing system must hold to, and what the plan says of it."""

from dataclasses import replace
from itertools import pairwise

import pytest

from benchmarks.capacity.cells import divided, largest, simulated
from benchmarks.capacity.experiments import Extent, shortages
from benchmarks.capacity.plan import Plan, Sizes
from benchmarks.capacity.simulation.findings import Course, Findings, simulate
from benchmarks.capacity.simulation.system import Bounds
from benchmarks.capacity.workload import Role, Workload
from tests.unit.capacity.plans import instant, plan

RATE = 6.0
COURSE = Course(warm_s=60, measured_s=200, seed=1)


def found(asked: Plan, rate: float = RATE, course: Course = COURSE, bounds: Bounds | None = None) -> Findings:
    return simulate(asked, rate, asked.sizes(rate), course, bounds)


def test_refinements_at_work_are_rate_times_latency() -> None:
    seen = found(plan(durable=0.5))

    assert seen.inflight == pytest.approx(seen.throughput * seen.mean_s, rel=0.03)


def test_what_comes_goes() -> None:
    seen = found(plan(durable=0.5))

    assert seen.throughput == pytest.approx(seen.offered, rel=0.05)
    assert not seen.refused


@pytest.mark.parametrize("durable", [0.0, 1.0])
def test_the_plan_expects_what_the_simulation_finds(durable: float) -> None:
    asked = plan(durable)
    sizes = asked.sizes(RATE)

    seen = simulate(asked, RATE, sizes, replace(COURSE, measured_s=400))

    off = seen.throughput / RATE  # more came, or fewer, than was expected
    assert seen.mean_s == pytest.approx(asked.seconds(RATE, sizes), rel=0.06)
    for part, load in asked.load(RATE, sizes).named().items():
        assert seen.load.named()[part] == pytest.approx(load * off, rel=0.05, abs=0.005), part


def test_reviews_that_accept_end_refinements_early() -> None:
    half = plan(workload=Workload(revisions=8, accepted=0.5))

    assert half.workload.rounds == pytest.approx(2 * (1 - 0.5**9))
    assert found(half).load.sandbox == pytest.approx(half.load(RATE, half.sizes(RATE)).sandbox, rel=0.08)


def test_the_same_seed_finds_the_same_and_another_one_does_not() -> None:
    asked, short = plan(durable=0.5), Course(10, 30, seed=5)

    assert found(asked, course=short) == found(asked, course=short)
    assert found(asked, course=short) != found(asked, course=replace(short, seed=6))


def test_nothing_is_slower_with_more_of_a_part_and_faster_with_more_load() -> None:
    asked = plan()
    sizes = asked.sizes(RATE)
    more = replace(sizes, replicas={role: 2 * number for role, number in sizes.replicas.items()})

    assert asked.seconds(RATE, more) < asked.seconds(RATE, sizes) < asked.seconds(1.2 * RATE, sizes)
    assert simulate(asked, RATE, more, COURSE).mean_s < simulate(asked, RATE, sizes, COURSE).mean_s


def test_sizes_never_fall_as_the_rate_rises() -> None:
    asked = plan(durable=1.0)
    sizes = [asked.sizes(rate) for rate in (1, 2, 5, 10, 50, 200, 1000)]

    for fewer, more in pairwise(sizes):
        assert fewer.gateways <= more.gateways
        assert fewer.sandbox_cores <= more.sandbox_cores
        assert fewer.stores <= more.stores
        assert all(fewer.replicas[role] <= more.replicas[role] for role in Role)


def test_no_part_is_fuller_than_its_target() -> None:
    asked = plan(durable=1.0)

    for rate in (1, 10, 100, 1000):
        loads = asked.load(rate, asked.sizes(rate)).named()
        assert max(loads.values()) <= asked.target * 1.01, rate


def test_what_is_short_has_the_longest_queue_and_its_plan_says_so() -> None:
    asked = plan(workload=Workload(revisions=0))

    found_short = list(shortages(asked, divided(asked, 150, 1), Extent(10, 1, seed=2)))

    assert [short.part for short in found_short] == ["nothing", "gateway", "sandbox", "generator", "critic"]
    for short in found_short[1:]:
        assert short.found.longest == short.part
        assert short.load.first == short.part


def test_cells_find_together_what_one_system_finds_alone() -> None:
    asked = replace(plan(1.0, Workload(revisions=0)), target=0.5)
    course = Course(warm_s=20, measured_s=100, seed=3)

    whole, _ = simulated(asked, divided(asked, 40, 1), course)
    cells, share = simulated(asked, divided(asked, 40, 4), course)

    assert share == 1
    assert cells.throughput == pytest.approx(whole.throughput, rel=0.03)
    assert cells.mean_s == pytest.approx(whole.mean_s, rel=0.1)


def test_a_cell_is_as_large_as_one_store_allows() -> None:
    asked = plan(durable=1.0)
    rate = largest(asked)

    assert asked.sizes(rate).stores == 1
    assert asked.sizes(rate * 1.05).stores == 2 or max(asked.sizes(rate * 1.05).replicas.values()) > 64
    assert divided(asked, 10 * rate).cells in {10, 11}


def test_a_gate_turns_away_what_little_s_law_has_no_place_for() -> None:
    asked = plan(workload=Workload(variation=0, tested=False), engine=instant(1.0))
    seconds = asked.seconds(RATE, asked.sizes(RATE))

    seen = found(asked, bounds=Bounds(max_inflight=18))

    # Erlang's loss formula: 18 places for 36 at work.
    assert seconds == pytest.approx(6, rel=0.02)
    assert seen.throughput == pytest.approx(18 / seconds, rel=0.06)
    assert seen.refused == pytest.approx(seen.offered - seen.throughput, rel=0.1)


def test_jobs_wait_in_the_queue_where_gateways_take_few() -> None:
    asked = plan(1.0, Workload(variation=0, tested=False), instant(1.0))

    seen = found(asked, bounds=Bounds(max_background=18, max_queued=100))

    assert seen.throughput == pytest.approx(18 / 6, rel=0.06)
    assert seen.queued == pytest.approx(100 - 18, rel=0.05)
    assert seen.refused > 0


def test_a_burst_is_worked_off() -> None:
    asked, course = plan(), Course(40, 100)

    usual, rushed = found(asked, course=course), found(asked, course=replace(course, burst=200))

    assert rushed.percentile_s(99) > usual.percentile_s(99)
    assert rushed.throughput == pytest.approx(usual.throughput + 200 / 100, rel=0.05)


def test_a_system_of_one_of_each_part_works() -> None:
    one = Sizes(1, 1, dict.fromkeys(Role, 1), 1)

    assert simulate(plan(durable=1.0), 0.2, one, COURSE).latencies_s
