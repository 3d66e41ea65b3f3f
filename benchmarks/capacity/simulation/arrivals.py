"""When clients ask: at random moments, or all at once as well."""

from random import Random

from benchmarks.capacity.simulation.clock import Process
from benchmarks.capacity.simulation.system import System


def poisson(system: System, rate: float, rng: Random) -> Process:
    """Let `rate` a second arrive, each independent of the others."""
    while True:
        yield system.clock.pause(rng.expovariate(rate))
        system.arrive()


def burst(system: System, at_s: float, count: int) -> Process:
    """Let so many arrive at one moment."""
    yield system.clock.pause(at_s)
    for _ in range(count):
        system.arrive()
