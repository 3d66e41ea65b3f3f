"""Python's cyclic garbage collector, as a server wants it."""

import gc

# Python's own (700, 10, 10) look again and again through all that is in flight.
THRESHOLDS = (50_000, 10, 10)


def settle() -> None:
    """Call it once all is loaded: what is there now stays, and is not looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
