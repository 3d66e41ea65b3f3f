"""Textbook queues: what the parts that work at one thing after another are compared with."""

import math


def erlang_c(servers: int, load: float) -> float:
    """Return the chance that a job waits in M/M/c; `load` is jobs at work, rate x service."""
    if load >= servers:
        return 1.0
    blocked = 1.0
    for number in range(1, servers + 1):  # Erlang B, from one server to the next: nothing overflows
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def wait_s(servers: int, rate: float, service_s: float, variation: float = 0.0) -> float:
    """Mean wait in M/G/c by Allen and Cunneen: exact for M/M/c, and for M/G/1 (Pollaczek-Khinchine).

    `variation` is the squared coefficient of variation of the service: 0 always the same, 1 exponential.
    """
    load = rate * service_s
    if load >= servers:
        return math.inf
    if not load:
        return 0.0
    return erlang_c(servers, load) * service_s / (servers - load) * (1 + variation) / 2
