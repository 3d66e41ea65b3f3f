"""How long to leave the others a turn between two looks at what is waited for."""

from collections.abc import Iterator

LONGEST_S = 0.005


def growing() -> Iterator[float]:
    """Seconds: none at first, and longer each time up to a bound."""
    pause_s = 0.0
    while True:
        yield pause_s
        pause_s = min(pause_s + LONGEST_S / 10, LONGEST_S)
