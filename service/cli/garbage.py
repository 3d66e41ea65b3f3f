"""Python's cyclic garbage collector, as a server wants it."""

import gc

# Python's own (700, 10, 10) look again and again through all that is in flight.
THRESHOLDS = (50_000, 10, 10)
_OBJECTS_IN_FLIGHT = 600
"""What a refinement may hold: new objects, and none of them garbage."""


def settle() -> None:
    """Call it once all is loaded: what is there now stays, and is not looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def allow_for(in_flight: int) -> None:
    """Look the less often the more is in flight: only what fails or is left leaves circles."""
    first, *others = THRESHOLDS
    gc.set_threshold(first + _OBJECTS_IN_FLIGHT * in_flight, *others)
