"""The simulation's stations and replicas against queues that have known answers."""

import statistics
from random import Random

import pytest

from benchmarks.capacity.queues import erlang_c, wait_s
from benchmarks.capacity.simulation.clock import Clock, Process
from benchmarks.capacity.simulation.replica import Replica
from benchmarks.capacity.simulation.station import Station
from benchmarks.capacity.workload import Call, Role
from tests.unit.capacity.plans import ENGINE

SERVICE_S = 0.1
JOBS = 40_000


def mean_wait_s(servers: int, load: float, *, exponential: bool) -> float:
    """Simulate a queue in which services are exponential, or all the same."""
    clock, rng = Clock(), Random(3)
    station = Station(clock, servers)
    rate = load * servers / SERVICE_S

    def arrivals() -> Process:
        while True:
            yield clock.pause(rng.expovariate(rate))
            seconds = rng.expovariate(1 / SERVICE_S) if exponential else SERVICE_S
            station.work(seconds)(lambda: None)

    clock.start(arrivals())
    clock.run(JOBS / rate)
    return statistics.fmean(station.waits_s)


def test_one_server_of_exponential_services_waits_as_mm1_does() -> None:
    expected = SERVICE_S * 0.7 / (1 - 0.7)

    assert mean_wait_s(1, 0.7, exponential=True) == pytest.approx(expected, rel=0.08)
    assert wait_s(1, 0.7 / SERVICE_S, SERVICE_S, 1.0) == pytest.approx(expected)


def test_one_server_of_equal_services_waits_half_as_long() -> None:
    expected = SERVICE_S * 0.7 / (1 - 0.7) / 2

    assert mean_wait_s(1, 0.7, exponential=False) == pytest.approx(expected, rel=0.06)
    assert wait_s(1, 0.7 / SERVICE_S, SERVICE_S) == pytest.approx(expected)


@pytest.mark.parametrize("servers", [2, 8])
def test_several_servers_of_equal_services_wait_as_allen_and_cunneen_say(servers: int) -> None:
    rate = 0.8 * servers / SERVICE_S

    found = mean_wait_s(servers, 0.8, exponential=False)

    assert found == pytest.approx(wait_s(servers, rate, SERVICE_S), rel=0.12)


def test_erlang_c_has_the_values_of_the_textbook() -> None:
    assert erlang_c(1, 0.5) == pytest.approx(0.5)
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert erlang_c(3, 3.5) == 1.0


def test_a_queue_at_its_limit_has_no_mean_wait() -> None:
    assert wait_s(2, 20, SERVICE_S) == float("inf")


def completed_at(calls: int, call: Call) -> list[float]:
    """When so many calls that come at once are answered by one replica."""
    clock = Clock()
    replica = Replica(clock, ENGINE)
    ends: list[float] = []
    for _ in range(calls):
        replica.complete(call)(lambda: ends.append(clock.now))
    clock.run(10_000)
    assert not replica.running.value
    return ends


def test_a_call_alone_takes_its_prompt_and_its_steps() -> None:
    call = Call(Role.CRITIC, prompt=1000, cached=400, completion=100)

    assert completed_at(1, call) == [pytest.approx(600 * 0.00005 + 100 * (0.01 + 0.0001))]


def test_calls_of_one_length_that_come_together_end_in_the_time_of_a_full_batch() -> None:
    call = Call(Role.CRITIC, prompt=100, cached=100, completion=100)

    ends = completed_at(10, call)

    assert ends == [pytest.approx(100 * (0.01 + 10 * 0.0001))] * 10


def test_more_calls_than_places_wait_for_the_first_to_end() -> None:
    call = Call(Role.CRITIC, prompt=100, cached=100, completion=100)
    batch_s = 100 * (0.01 + 64 * 0.0001)

    ends = completed_at(65, call)

    assert ends[63] == pytest.approx(batch_s)
    assert ends[64] == pytest.approx(batch_s + 100 * (0.01 + 0.0001))


def test_a_cache_that_is_full_lets_fewer_run_than_there_are_places() -> None:
    call = Call(Role.CRITIC, prompt=99_900, cached=99_900, completion=100)

    ends = completed_at(3, call)

    assert ends[2] == pytest.approx(ends[1] + 100 * (0.01 + 0.0001))
    assert ENGINE.sequences(call) == 2
